// A tree that follows edits is the tree of a fresh read; a fresh read is the library's own wherever that finds no fault.
import { expect, test } from "vitest";
import { isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments } from "yaml";
import { below, numbers, PIECES, SPECS } from "./random-edits";
import { SpecTree } from "./spec-tree";

/** A node as plain data: kinds, ranges and values. */
function plain(node: unknown, collections = false): unknown {
  if (isMap(node)) {
    const pairs = node.items.map(({ key, value }) => [plain(key, collections), plain(value, collections)]);
    return collections ? [node.range, pairs] : pairs;
  }
  if (isSeq(node)) {
    const items = node.items.map((item) => plain(item, collections));
    return collections ? [node.range, items] : items;
  }
  if (isScalar(node)) {
    // Where nothing is written, comments may lie on either side of it.
    const range = node.source === "" || node.range?.[0] === node.range?.[1] ? undefined : node.range?.slice(0, 2);
    return [node.value, node.source, range, node.anchor, node.tag];
  }
  return isAlias(node) ? [node.source, node.range] : isNode(node) ? "?" : null;
}

const treeOf = (tree: SpecTree) => {
  const contents = tree.yaml?.contents;
  return { root: plain(contents, true), parts: tree.services?.map(({ text, offset }) => [text, offset]) };
};

test("a tree that follows edits is that of a fresh read", () => {
  for (const [at, spec] of SPECS.entries()) {
    const random = numbers(at + 1);
    const tree = new SpecTree(spec);
    let text = spec;
    for (let edit = 0; edit < 200; edit++) {
      const start = below(random, text.length + 1);
      const length = below(random, 3) === 0 ? below(random, Math.min(12, text.length - start + 1)) : 0;
      const piece = PIECES[below(random, PIECES.length)] ?? "";
      text = edit % 40 === 39 ? spec : text.slice(0, start) + piece + text.slice(start + length);
      tree.update(text);
      // Also without a look in between, as edits that follow each other quickly.
      if (below(random, 3) > 0) {
        expect(treeOf(tree), JSON.stringify(text)).toEqual(treeOf(new SpecTree(text)));
      }
    }
  }
}, 60_000);

test("a fresh read is the library's own where that finds no fault", () => {
  let compared = 0;
  for (const [at, spec] of SPECS.entries()) {
    const random = numbers(at + 100);
    for (let round = 0; round < 300; round++) {
      let text = spec;
      for (let edit = below(random, 3); edit > 0; edit--) {
        const start = below(random, text.length + 1);
        text = text.slice(0, start) + (PIECES[below(random, PIECES.length)] ?? "") + text.slice(start);
      }
      const [whole] = parseAllDocuments(text, { uniqueKeys: false, merge: false, logLevel: "silent", strict: true });
      if (whole !== undefined && "errors" in whole && whole.errors.length === 0) {
        compared += 1;
        expect(plain(new SpecTree(text).yaml?.contents), JSON.stringify(text)).toEqual(plain(whole.contents));
      }
    }
  }
  expect(compared).toBeGreaterThan(300);
}, 60_000);

test("an alias before its anchor stands for nothing", () => {
  const text = "version: v1\nservices:\n  a: *later\n  b: &later\n    image: { name: x }\n";
  const tree = new SpecTree(text);
  expect(tree.anchored("later", text.indexOf("*later"))).toBeUndefined();
  expect(tree.anchored("later", text.length)).toBeDefined();
  expect(tree.anchored("never", text.length)).toBeUndefined();
});

test("a slip at the left edge within a service leaves the services after it as they are", () => {
  const services = Array.from(
    { length: 4 },
    (_, at) => `  s${at}:\n    image:\n      name: nginx:1\n    depends:\n      - service: s0\n    labels: { a: b }\n`,
  );
  const text = `version: v1\ndeployment: demo\nservices:\n${services.join("")}tunnels: {}\n`;
  const slips: [string, string][] = [
    ["    image:", "x    image:"],
    ["    depends:\n", "ends:\n"],
    ["      name: nginx:1\n", "me: nginx:1\n"],
    ["      name: nginx:1\n", "x\n      name: nginx:1\n"],
  ];
  for (const [from, to] of slips) {
    const at = text.indexOf(from, text.indexOf("s1:"));
    const tree = new SpecTree(text.slice(0, at) + to + text.slice(at + from.length));
    expect(tree.services?.length, to).toBe(4);
    expect(tree.services?.[3]?.pairs[0]?.key).toMatchObject({ value: "s3" });
  }
  expect(new SpecTree(text.replace("tunnels: {}", "x-more:\n    a: 1\n")).services?.at(-1)?.text).toBe(services[3]);
});
