// The contracts' interfaces are their reference: everything in them is described, with its parameters and what it returns.
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTRACTS } from "./lib/foundry.mjs";
import { syntaxTrees } from "./lib/mutants.mjs";
import { ROOT } from "./lib/paths.mjs";

const paths = (await readdir(join(CONTRACTS, "src"), { recursive: true })).filter((path) => path.endsWith(".sol"));
const sources = Object.fromEntries(
  await Promise.all(paths.map(async (path) => [path, await readFile(join(CONTRACTS, "src", path), "utf8")])),
);
const trees = syntaxTrees(sources, (path) => readFileSync(join(ROOT, "node_modules", path), "utf8"));

/** The name of a declaration that is not described. */
function undescribed(node, where) {
  const text = node.documentation?.text ?? "";
  const name = `${where}.${node.name || node.kind}`;
  return /@(notice|dev|inheritdoc)|^\s*\S/.test(text) ? [] : [name];
}

/** Parameters that a description mentions by another name than they have. */
function misnamed(node, where) {
  const known = [...(node.parameters?.parameters ?? []), ...(node.returnParameters?.parameters ?? [])].map(
    ({ name }) => name,
  );
  const text = node.documentation?.text ?? "";
  return [...text.matchAll(/@param (\w+)/g)]
    .map(([, name]) => name)
    .filter((name) => !known.includes(name))
    .map((name) => `${where}.${node.name} @param ${name}`);
}

describe("NatSpec", () => {
  const contracts = Object.values(trees).flatMap((tree) =>
    tree.nodes.filter(({ nodeType }) => nodeType === "ContractDefinition"),
  );
  const interfaces = contracts.filter(({ contractKind }) => contractKind === "interface");

  it("describes every contract and library", () => {
    expect(contracts.flatMap((contract) => undescribed(contract, "src"))).toEqual([]);
  });

  it("describes every function, event and error of the interfaces", () => {
    const names = interfaces.map(({ name }) => name).sort();
    expect(names).toEqual(["IComputeMarket", "INodeRegistry", "IOTT", "IRewardDistribution"]);
    expect(interfaces.flatMap(({ name, nodes }) => nodes.flatMap((node) => undescribed(node, name)))).toEqual([]);
    expect(interfaces.flatMap(({ name, nodes }) => nodes.flatMap((node) => misnamed(node, name)))).toEqual([]);
  });

  it("describes every struct, enum and value type", () => {
    const types = Object.entries(trees).flatMap(([path, tree]) =>
      tree.nodes
        .filter(({ nodeType }) => /^(Struct|Enum|UserDefinedValueType)Definition$/.test(nodeType))
        .map((node) => [path, node]),
    );
    // The compiler keeps no description of these in its tree: it stands in the lines before.
    const bare = types.filter(([path, { src, name }]) => {
      const before = Buffer.from(sources[path])
        .subarray(0, Number(src.split(":")[0]))
        .toString()
        .trimEnd();
      return !/^\s*\/\/\/ /.test(before.split("\n").at(-1) ?? "") && name !== "";
    });
    expect(bare.map(([, { name }]) => name)).toEqual([]);
  });

  it("is inherited by every external function of the contracts", () => {
    const functions = contracts
      .filter(({ contractKind, nodes }) => contractKind === "contract" && nodes.length > 0)
      .flatMap(({ name, nodes }) => nodes.map((node) => [name, node]))
      .filter(
        ([, { nodeType, visibility, kind }]) =>
          nodeType === "FunctionDefinition" && kind === "function" && /^(external|public)$/.test(visibility),
      );
    expect(functions.length).toBeGreaterThan(50);
    expect(functions.flatMap(([name, node]) => undescribed(node, name))).toEqual([]);
  });
});
