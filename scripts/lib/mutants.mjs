// Weaves all mutants of Solidity sources into one program, so that they are compiled once: `a + b` becomes
// `(mutant(7) ? a - b : a + b)`, and a test run is told by an environment variable which mutant is on.
import { createRequire } from "node:module";
import { dirname, posix } from "node:path";

/** Environment variable with the number of the mutant that is on; 0 or nothing for none. */
export const MUTANT = "ZLAYER_MUTANT";

/** What an operator is replaced by: the boundary and the negation of a comparison, one side of a condition. */
const REPLACEMENTS = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  "<": ["<=", ">="],
  ">": [">=", "<="],
  "<=": ["<", ">"],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "&&": ["left", "right"],
  "||": ["left", "right"],
};

/** Types of our own have no `<=`, `>=` and `!=`: the others say the same. */
const NEGATED = { "<=": ">", ">=": "<", "!=": "==" };

/** The file that the woven sources import. The compiler holds `mutant` for pure, so that it may stand anywhere. */
export const MUTANT_SOURCE = `// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

function mutant(uint256 number) pure returns (bool) {
    function(uint256) view returns (bool) reading = isOn;
    function(uint256) pure returns (bool) pretended;
    assembly {
        pretended := reading
    }
    return pretended(number);
}

function isOn(uint256 number) view returns (bool) {
    address cheats = address(uint160(uint256(keccak256("hevm cheat code"))));
    (, bytes memory said) =
        cheats.staticcall(abi.encodeWithSignature("envOr(string,uint256)", "${MUTANT}", uint256(0)));
    return abi.decode(said, (uint256)) == number;
}
`;

/**
 * Syntax trees of sources, by path.
 *
 * @param {Record<string, string>} sources
 * @param {(path: string) => string} readImport text of a file that the sources import
 * @throws {Error} when they do not compile
 */
export function syntaxTrees(sources, readImport) {
  const solc = createRequire(import.meta.url)("solc");
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(Object.entries(sources).map(([path, content]) => [path, { content }])),
    settings: { evmVersion: "cancun", outputSelection: { "*": { "": ["ast"] } } },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify(input), { import: (path) => ({ contents: readImport(path) }) }),
  );
  const failed = (output.errors ?? []).find(({ severity }) => severity === "error");
  if (failed) {
    throw new Error(failed.formattedMessage);
  }
  return Object.fromEntries(Object.keys(sources).map((path) => [path, output.sources[path].ast]));
}

/**
 * Weaves the mutants of one source into it.
 *
 * @param {string} path below the root of the sources; the file with MUTANT_SOURCE is `Mutant.sol` in the root
 * @param {string} source
 * @param {object} tree its syntax tree
 * @param {number} first number of its first mutant
 * @returns {{ text: string, mutants: { number: number, file: string, line: number, from: string, to: string }[] }}
 */
export function weave(path, source, tree, first) {
  const bytes = Buffer.from(source);
  const raw = (from, to) => bytes.subarray(from, to).toString();
  const isStatement = ({ nodeType }) => nodeType === "ExpressionStatement" || nodeType === "EmitStatement";
  /** Where a node is. A statement's semicolon, which is behind what the tree says, is a part of it, and of what ends with it. */
  const span = (node) => {
    const [start, length] = node.src.split(":").map(Number);
    const last = node.falseBody ?? node.trueBody ?? node.body;
    const isUnbraced = /^(If|For|While)Statement$/.test(node.nodeType) && last.nodeType !== "Block";
    const end = isUnbraced ? span(last)[1] : start + length;
    return [start, end + (isStatement(node) && bytes[end] === 0x3b ? 1 : 0)];
  };
  const mutants = [];

  /** Notes a mutant. @returns the condition under which it is on */
  function mutant(from, to, by) {
    const begin = bytes.lastIndexOf("\n", from - 1) + 1;
    const lineEnd = (at) => (bytes.indexOf("\n", at) < 0 ? bytes.length : bytes.indexOf("\n", at));
    const number = first + mutants.length;
    const oneLine = (text) => text.replace(/\s+/g, " ").trim();
    mutants.push({
      number,
      file: path,
      line: raw(0, begin).split("\n").length,
      from: oneLine(raw(begin, lineEnd(to))),
      to: oneLine(raw(begin, from) + by + raw(to, lineEnd(to))),
    });
    return `mutant(${number})`;
  }

  /** Nodes directly below a node, in their order. */
  function children(node) {
    const fields = Object.entries(node).filter(([key]) => !["documentation", "typeName", "overrides"].includes(key));
    return fields
      .flatMap(([, value]) => value)
      .filter((value) => value?.nodeType !== undefined && value.src !== undefined)
      .sort((a, b) => span(a)[0] - span(b)[0]);
  }

  /** The alternatives to an expression: texts that stand for it. */
  function alternatives(node, parent) {
    const [from, to] = span(node);
    if (node.nodeType === "BinaryOperation") {
      const [left, right] = [node.leftExpression, node.rightExpression].map((side) => raw(...span(side)));
      return REPLACEMENTS[node.operator].map((operator) => {
        if (operator === "left" || operator === "right") {
          return operator === "left" ? left : right;
        }
        return node.function !== undefined && operator in NEGATED
          ? `!(${left} ${NEGATED[operator]} ${right})`
          : `${left} ${operator} ${right}`;
      });
    }
    const isNumber = node.nodeType === "Literal" && /^int_const \d+$/.test(node.typeDescriptions.typeString);
    const isShift = parent.nodeType === "BinaryOperation" && /<<|>>/.test(parent.operator);
    const isConverted = parent.nodeType === "FunctionCall" && parent.kind === "typeConversion";
    if (isNumber && node.kind === "number" && !isShift && !isConverted && /^\d+$/.test(node.value)) {
      return [String(BigInt(node.value) + 1n)];
    }
    const isCondition =
      (parent.nodeType === "IfStatement" || parent.nodeType === "Conditional") && parent.condition === node;
    return isCondition ? [`!(${raw(from, to)})`] : [];
  }

  /** The text of a node with its mutants in it. */
  function woven(node, parent) {
    const [from, to] = span(node);
    if (["FunctionDefinition", "ModifierDefinition"].includes(node.nodeType)) {
      return node.body ? replaced(from, to, [[node.body, node]]) : raw(from, to);
    }
    if (["VariableDeclaration", "ElementaryTypeName", "ElementaryTypeNameExpression"].includes(node.nodeType)) {
      return raw(from, to);
    }
    // What steps a loop is left alone: without it the loop does not end.
    const below = children(node).filter((child) => child !== node.loopExpression);
    const inner = replaced(
      from,
      to,
      below.map((child) => [child, node]),
    );
    // A reference to storage must be assigned on every path, says the compiler.
    const isReference = /storage pointer$/.test(node.expression?.leftHandSide?.typeDescriptions.typeString ?? "");
    if (isStatement(node) && !isReference) {
      return `{ if (!${mutant(from, to, "")}) ${inner} }`;
    }
    const choices = alternatives(node, parent).map((by) => `${mutant(from, to, by)} ? ${by} : `);
    if (parent.nodeType === "IfStatement" && parent.condition === node) {
      choices.push(`${mutant(from, to, "false")} ? false : `);
    }
    return choices.length > 0 ? `(${choices.join("")}${inner})` : inner;
  }

  /** A stretch of the source in which some nodes are woven. */
  function replaced(from, to, nodes) {
    let text = "";
    let at = from;
    for (const [child, parent] of nodes) {
      const [start, end] = span(child);
      text += raw(at, start) + woven(child, parent);
      at = end;
    }
    return text + raw(at, to);
  }

  const parts = tree.nodes.flatMap((node) => (node.nodeType === "ContractDefinition" ? node.nodes : [node]));
  const functions = parts.filter(({ nodeType }) => /^(Function|Modifier)Definition$/.test(nodeType));
  const text = replaced(
    0,
    bytes.length,
    functions.map((node) => [node, tree]),
  );
  const target = posix.relative(dirname(path), "Mutant.sol");
  const line = `import {mutant} from "${target.startsWith(".") ? target : `./${target}`}";\n`;
  return { text: text.replace(/^(pragma .*\n)/m, `$1${line}`), mutants };
}
