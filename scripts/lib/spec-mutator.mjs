// Texts of specs: values written in one of YAML's styles, and changes that a slip of the hand or a hostile writer makes.
import { stringify } from "yaml";

/** Words that turn up where they do not belong. */
const PIECES = [
  ..."null ~ true yes 0 -1 1.5 99999999999999999999 0x1f 0o7 .nan .inf '' {} [] &a *a *b !pin !!str << # --- ... image services".split(
    " ",
  ),
  ..."name 512MB 5s 5 a.b a[0] services.web é 😀 nginx:1 \u2028 \u0085 \ufeff \u0000 \u007f".split(" "),
  ...[
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    '"',
    "'",
    ":",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">",
    "|2-\n",
    ",",
    "%YAML 1.2",
  ],
  ...["type: tcp", "mode: fixed", "version: v2", "<<: *a", "!pin x", "!!str 5", "!<x> y"],
];

/**
 * A value as YAML.
 *
 * @param {import("./random.mjs").Random} random
 * @param {any} value
 * @returns {string}
 */
export function writeYaml(random, value) {
  const style = random.below(4);
  if (style === 0) {
    return JSON.stringify(value);
  }
  const text = stringify(value, {
    collectionStyle: random.chance(0.2) ? "flow" : "any",
    defaultStringType: random.pick(["PLAIN", "PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"]),
    indent: random.pick([2, 2, 4]),
    indentSeq: random.chance(0.7),
    lineWidth: random.pick([0, 40, 80]),
    aliasDuplicateObjects: false,
  });
  return random.chance(0.1) ? text.replaceAll("\n", "\r\n") : text;
}

/**
 * The text with some changes.
 *
 * @param {import("./random.mjs").Random} random
 * @param {string} text
 * @returns {string}
 */
export function mutate(random, text) {
  let changed = text;
  for (let count = random.below(4); count > 0; count--) {
    changed = change(random, changed);
  }
  return changed;
}

/** @param {import("./random.mjs").Random} random @param {string} text */
function change(random, text) {
  const at = random.below(text.length + 1);
  const lines = text.split("\n");
  const line = random.below(lines.length);
  switch (random.below(6)) {
    case 0:
    case 1:
      return whole(text.slice(0, at)) + random.pick(PIECES) + whole(text.slice(at));
    case 2:
      return whole(text.slice(0, at)) + whole(text.slice(at + 1 + random.below(12)));
    case 3:
      lines.splice(line, 1);
      return lines.join("\n");
    case 4:
      lines.splice(random.below(lines.length), 0, lines[line] ?? "");
      return lines.join("\n");
    default:
      lines[line] = random.chance(0.5) ? `  ${lines[line]}` : (lines[line] ?? "").replace(/^ {2}/, "");
      return lines.join("\n");
  }
}

/** Without the half of a character that a cut left over. @param {string} text */
function whole(text) {
  return text.replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, "");
}
