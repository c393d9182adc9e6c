// Generated and mutated specs before the editor's validator, the language server, `zlayer-sidecar validate --json` and the crate
// itself: `node scripts/fuzz-specs.mjs [--count 200000] [--seed 1] [--sidecar PATH]`. All must say the same, to the position.
// Exits 1 at the first differences and names the seed that finds them again.
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs, promisify } from "node:util";
import { editorValidator, languageServer } from "./lib/language-modules.mjs";
import { CARGO_ENV, CARGO_TARGET, ROOT } from "./lib/paths.mjs";
import { Random } from "./lib/random.mjs";
import { isMain, main, run } from "./lib/run.mjs";
import { generateSpec } from "./lib/spec-generator.mjs";
import { mutate, writeYaml } from "./lib/spec-mutator.mjs";

/** Specs in one call of the sidecar. */
const BATCH = 500;
/** Every how many-th goes through a language server process as well. */
const SERVED = 10;
/** How many differences are enough to look at. */
const ENOUGH = 10;

/**
 * @typedef {{ line: number, column: number, endLine: number, endColumn: number, path: string, code: string, message: string }} Problem
 * @typedef {{ count: number, seed: number, sidecar: string, onProgress?: (done: number) => void }} Options
 */

/**
 * @param {Options} options
 * @returns {Promise<{ valid: number, served: number, differences: string[] }>}
 */
export async function fuzzSpecs({ count, seed, sidecar, onProgress }) {
  const directory = await mkdtemp(join(tmpdir(), "zlayer-fuzz-"));
  const random = new Random(seed);
  const schema = JSON.parse(await readFile(join(ROOT, "schemas", "zlayer-v1.schema.json"), "utf8"));
  const seeds = await corpus();
  const editor = await editorValidator(join(directory, "editor"));
  const server = await languageServer(join(directory, "server"));
  const crate = await crateVerdicts();
  const differences = [];
  let valid = 0;
  let served = 0;
  try {
    for (let done = 0; done < count && differences.length < ENOUGH; done += BATCH) {
      const texts = Array.from({ length: Math.min(BATCH, count - done) }, () => {
        const text = random.chance(0.3) ? random.pick(seeds) : writeYaml(random, generateSpec(random, schema));
        return mutate(random, text);
      });
      const said = await sidecarSays(sidecar, join(directory, "batch"), texts);
      for (const [at, text] of texts.entries()) {
        const checked = await editor.check(text);
        const mine = [...checked.problems, ...checked.unserved].map(bare).sort(order);
        const theirs = (said[at] ?? []).map(bare).sort(order);
        const taken = await crate.takes(text);
        valid += taken ? 1 : 0;
        const found = [];
        if (checked.valid !== taken) {
          found.push(
            `the editor says ${checked.valid ? "valid" : "invalid"}, the crate ${taken ? "valid" : "invalid"}`,
          );
        }
        if (JSON.stringify(mine) !== JSON.stringify(theirs)) {
          found.push(`editor ${JSON.stringify(mine)}, sidecar ${JSON.stringify(theirs)}`);
        }
        if (at % SERVED === 0) {
          served += 1;
          // Of a spec that is edited the server goes on to warn in services that are right; a warning refuses nothing.
          const shown = (await server.problems(text)).filter(({ code }) => taken || code !== "not-served").sort(order);
          const wanted = theirs.map((problem) => placed(problem, text)).sort(order);
          if (JSON.stringify(shown) !== JSON.stringify(wanted)) {
            found.push(`language server ${JSON.stringify(shown)}, sidecar ${JSON.stringify(wanted)}`);
          }
        }
        differences.push(...found.map((difference) => `spec ${done + at}: ${difference}\n${JSON.stringify(text)}`));
      }
      onProgress?.(done + texts.length);
    }
    return { valid, served, differences: differences.slice(0, ENOUGH) };
  } finally {
    crate.stop();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Specs written by hand: what the tests of the validator and the pages of the rules hold. */
async function corpus() {
  const tests = join(ROOT, "runtime-sidecar", "crates", "spec", "tests");
  const texts = [];
  for (const directory of [join(tests, "problems"), join(tests, "unserved")]) {
    for (const name of await readdir(directory)) {
      texts.push((await readFile(join(directory, name), "utf8")).split("#>")[0] ?? "");
    }
  }
  const pages = join(ROOT, "docs", "rules");
  for (const name of await readdir(pages)) {
    for (const [, example = ""] of (await readFile(join(pages, name), "utf8")).matchAll(
      /```yaml \w+\n([\s\S]*?)\n```/g,
    )) {
      const service = `  web:\n    image: { name: a }\n${example.replace(/^/gm, "    ")}`;
      texts.push(
        `version: v1\ndeployment: demo\n${example.startsWith("services:") ? example : `services:\n${service}`}\n`,
      );
    }
  }
  return texts;
}

/** @param {string} sidecar @param {string} directory @param {string[]} texts @returns {Promise<Problem[][]>} */
async function sidecarSays(sidecar, directory, texts) {
  await mkdir(directory, { recursive: true });
  const files = texts.map((_, at) => join(directory, `${at}.zlayer.yml`));
  await Promise.all(texts.map((text, at) => writeFile(/** @type {string} */ (files[at]), text)));
  const { stdout } = await promisify(execFile)(sidecar, ["validate", "--json", ...files], {
    maxBuffer: 1 << 30,
  }).catch((error) => {
    // 1: some are invalid. Anything else is a failure of the program.
    if (error.code === 1) {
      return error;
    }
    throw error;
  });
  /** @type {Problem[][]} */
  const found = texts.map(() => []);
  for (const line of stdout.split("\n").filter((/** @type {string} */ line) => line !== "")) {
    const { file, ...problem } = JSON.parse(line);
    found[files.indexOf(file)]?.push(problem);
  }
  return found;
}

/** A problem without what only one side names. @param {Problem} problem */
function bare({ line, column, endLine, endColumn, path, code, message }) {
  return { line, column, endLine, endColumn, path, code, message };
}

/** A problem's place as an editor counts it: from 0, in UTF-16 units. @param {Problem} problem @param {string} text */
function placed({ line, column, endLine, endColumn, code, message }, text) {
  const lines = text.split(/\r\n|\n|\r/);
  const units = (/** @type {number} */ at, /** @type {number} */ characters) =>
    [...(lines[at - 1] ?? "")].slice(0, characters - 1).join("").length;
  const start = { line: line - 1, character: units(line, column) };
  return { start, end: { line: endLine - 1, character: units(endLine, endColumn) }, code, message };
}

/** @param {object} a @param {object} b */
function order(a, b) {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The crate itself, in a process of its own. */
async function crateVerdicts() {
  const example = [
    "--manifest-path",
    join(ROOT, "runtime-sidecar", "Cargo.toml"),
    "-p",
    "sidecar-spec",
    "--example",
    "verdicts",
  ];
  await run("cargo", ["build", "-q", "--locked", ...example], { env: CARGO_ENV });
  const child = spawn(join(CARGO_TARGET, "debug", "examples", "verdicts"), { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** @param {string} text */
    async takes(text) {
      child.stdin.write(`${JSON.stringify(text)}\n`);
      return (await lines.next()).value === "true";
    },
    stop: () => child.stdin.end(),
  };
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({
      options: {
        count: { type: "string", default: "200000" },
        seed: { type: "string", default: "1" },
        sidecar: {
          type: "string",
          default: process.env.ZLAYER_SIDECAR ?? join(CARGO_TARGET, "release", "zlayer-sidecar"),
        },
      },
    });
    const [count, seed] = [Number(values.count), Number(values.seed)];
    const start = performance.now();
    const onProgress = (/** @type {number} */ done) => {
      if (done % 10_000 === 0) {
        console.log(`${done} after ${Math.round((performance.now() - start) / 1000)} s`);
      }
    };
    const { valid, served, differences } = await fuzzSpecs({ count, seed, sidecar: values.sidecar, onProgress });
    if (differences.length > 0) {
      throw new Error(`seed ${seed}: not all say the same:\n${differences.join("\n")}`);
    }
    console.log(
      `seed ${seed}: ${count} specs, ${valid} of them valid, ${served} also in a language server: no difference`,
    );
  });
}
