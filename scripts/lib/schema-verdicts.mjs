// Verdicts of the published schema against the crate's, and the differences that docs/schema-exceptions.md explains.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Ajv from "ajv";
import { ROOT } from "./paths.mjs";

/**
 * @typedef {{ by: "zlayer" | "schema", what: string, where: string, example: string }} Exception what is refused by one of the two only
 * @typedef {{ valid: boolean, problems: { code: string, path: string }[] }} Verdict the crate's
 */

/** What only says that a part of it failed, which is told too, or that a value is not of one of the kinds it may have. */
const COMBINING = new Set(["anyOf", "oneOf", "if", "allOf", "const"]);

/** The schema, and its verdict of a value. */
export async function loadSchema() {
  const schema = JSON.parse(await readFile(join(ROOT, "schemas", "zlayer-v1.schema.json"), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  return { schema, validate: ajv.compile(schema) };
}

/** @returns {Promise<Exception[]>} the rows of docs/schema-exceptions.md */
export async function readExceptions() {
  const text = await readFile(join(ROOT, "docs", "schema-exceptions.md"), "utf8");
  const [, zlayer = "", schema = ""] = text.split(/^## .*$/m);
  const rows = (/** @type {string} */ part, /** @type {Exception["by"]} */ by) =>
    [...part.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| .* \| `([^`]+)` \|$/gm)].map(([, what, where, example]) => ({
      by,
      what: /** @type {string} */ (what),
      where: /** @type {string} */ (where),
      example: /** @type {string} */ (example),
    }));
  return [...rows(zlayer, "zlayer"), ...rows(schema, "schema")];
}

/**
 * What is different and unexplained, or undefined.
 *
 * @param {any} value the spec
 * @param {Verdict} crate
 * @param {import("ajv").ValidateFunction} validate
 * @param {Exception[]} exceptions
 * @returns {string | undefined} one line
 */
export function unexplained(value, crate, validate, exceptions) {
  const taken = validate(value);
  if (taken === crate.valid) {
    return undefined;
  }
  const explains = (/** @type {Exception["by"]} */ by, /** @type {string} */ what, /** @type {string} */ where) =>
    exceptions.some((row) => row.by === by && row.what === what && row.where === where);
  if (taken) {
    const open = crate.problems.filter(({ code, path }) => !explains("zlayer", code, placeOf(path, value)));
    return open.length === 0
      ? undefined
      : `only ZLayer refuses: ${open.map(({ code, path }) => `${code} at ${placeOf(path, value)}`).join("; ")}`;
  }
  const errors = (validate.errors ?? []).map(({ keyword, instancePath }) => ({
    keyword,
    where: pointed(instancePath),
  }));
  const open = errors.filter(
    ({ keyword, where }) =>
      !COMBINING.has(keyword) && !explains("schema", keyword, where) && !explained(errors, exceptions, where),
  );
  return open.length === 0 && errors.some(({ keyword, where }) => explains("schema", keyword, where))
    ? undefined
    : `only the schema refuses: ${(open.length === 0 ? errors : open).map(({ keyword, where }) => `${keyword} at ${where}`).join("; ")}`;
}

/**
 * Whether a place lies on the way to one that an exception explains: of several kinds that a value may have, those that it is
 * not are told too.
 *
 * @param {{ keyword: string, where: string }[]} errors
 * @param {Exception[]} exceptions
 * @param {string} where
 */
function explained(errors, exceptions, where) {
  return errors.some(
    (error) =>
      error.where !== where &&
      error.where.startsWith(where) &&
      exceptions.some((row) => row.by === "schema" && row.what === error.keyword && row.where === error.where),
  );
}

/**
 * `services.web.depends[0]` as `services.*.depends[]`.
 *
 * @param {string} path
 * @param {any} value the spec, whose names may hold dots
 */
function placeOf(path, value) {
  const numbered = path.replace(/\[\d+\]/g, "[]");
  for (const part of ["services", "externals", "tunnels"]) {
    const names = Object.keys(value?.[part] ?? {}).sort((a, b) => b.length - a.length);
    const name = names.find((candidate) => numbered.startsWith(`${part}.${candidate}`));
    if (name !== undefined) {
      return `${part}.*${numbered.slice(part.length + 1 + name.length)}`;
    }
  }
  return numbered;
}

/** @param {string} pointer a JSON pointer */
function pointed(pointer) {
  return pointer
    .slice(1)
    .replace(/^(services|externals|tunnels)\/[^/]*/, "$1/*")
    .replace(/\/\d+(?=\/|$)/g, "[]")
    .replaceAll("/", ".");
}
