// The language server beside yaml-language-server 2 with our JSON Schema: latency of diagnostics and completion after edits at
// random places, memory after 10,000 edits, start-up.
// On a machine that is busy: `chrt -f 10 node …`, which holds for the servers as well.
//   node test/bench/language.mjs [--edits N] [--only ours|yaml] [--lines 100,2000,20000] [--long N]
import { access } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundle } from "../../scripts/bootstrap.mjs";
import { CACHE, ROOT } from "../../scripts/lib/paths.mjs";
import { main, run } from "../../scripts/lib/run.mjs";
import { LanguageServer, settle } from "./language-client.mjs";
import { edits, numbers, specOfLines } from "./language-specs.mjs";

const OTHER = "yaml-language-server@2.0.0";
const SEED = 11;
const STARTS = 15;

/** The other server, installed outside of the project: nothing of it gets near the package. */
async function other() {
  const directory = join(CACHE, "bench", OTHER.replace("@", "-"));
  const program = join(directory, "node_modules", "yaml-language-server", "bin", "yaml-language-server");
  await access(program).catch(() =>
    run("npm", ["install", "--prefix", directory, "--no-audit", "--no-fund", "--ignore-scripts", OTHER]),
  );
  const schema = pathToFileURL(join(ROOT, "schemas", "zlayer-v1.schema.json")).href;
  return {
    name: "yaml-language-server",
    args: [program, "--stdio"],
    settings: {
      yaml: { schemas: { [schema]: "*.zlayer.yml" }, schemaStore: { enable: false }, validate: true, completion: true },
    },
    // It waits 200 ms after each edit, so fewer of them fit into the time.
    edits: { 100: 300, 2000: 300, 20000: 60 },
    long: 600,
  };
}

const OURS = {
  name: "zlayer",
  // As the extension starts it (src/language/client.ts).
  args: [
    "--max-semi-space-size=4",
    "--heap-growing-percent=20",
    join(ROOT, "dist", "language", "server.js"),
    "--stdio",
  ],
  settings: {},
  edits: { 100: 2000, 2000: 2000, 20000: 600 },
  long: 10_000,
};

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

async function latency(server, lines, count) {
  const running = await LanguageServer.start(server);
  const document = await running.open(specOfLines(lines));
  await settle();
  const stream = edits(() => document.text, numbers(SEED));
  // The first edits compile the code; an editor has done them after seconds.
  const warm = Math.min(100, count / 3);
  const diagnostics = [];
  const completion = [];
  let before = 0;
  for (let done = 0; done < count + warm; done++) {
    if (done >= warm && before === 0) {
      before = await running.processor();
    }
    const { diagnosticsMs, completionMs } = await document.type(stream.next().value);
    if (done >= warm) {
      diagnostics.push(diagnosticsMs);
      completion.push(completionMs);
    }
  }
  const processor = ((await running.processor()) - before) / count;
  const memory = await running.memory();
  await running.stop();
  return { diagnostics, completion, processor, memory };
}

async function memory(server, count) {
  const running = await LanguageServer.start(server);
  const empty = await running.memory();
  const document = await running.open(specOfLines(2000));
  const stream = edits(() => document.text, numbers(SEED));
  const samples = [];
  for (let done = 1; done <= count; done++) {
    await document.type(stream.next().value);
    if (done % Math.ceil(count / 10) === 0) {
      samples.push(await running.memory());
    }
  }
  await running.stop();
  return { empty, samples };
}

async function startUp(server) {
  const times = [];
  for (let at = 0; at < STARTS; at++) {
    const running = await LanguageServer.start(server);
    times.push(running.readyMs);
    await running.stop();
  }
  return times;
}

const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

await main(async () => {
  const { values } = parseArgs({
    options: {
      edits: { type: "string" },
      only: { type: "string" },
      lines: { type: "string", default: "100,2000,20000" },
      long: { type: "string" },
      "no-build": { type: "boolean", default: false },
    },
  });
  if (!values["no-build"]) {
    await bundle();
  }
  const servers = [OURS, await other()].filter(
    ({ name }) => values.only === undefined || (values.only === "ours") === (name === "zlayer"),
  );
  const lengths = values.lines === "" ? [] : values.lines.split(",").map(Number);

  row("", "lines", "edits", "diagnostics p50", "p99", "completion p50", "p99", "processor for one edit", "memory");
  row(..."---------".split("").map(() => "---"));
  const tails = new Map();
  for (const lines of lengths) {
    for (const server of servers) {
      const count = Number(values.edits ?? server.edits[lines] ?? 300);
      const result = await latency(server, lines, count);
      const tail = [quantile(result.diagnostics, 0.99), quantile(result.completion, 0.99)];
      tails.set(`${server.name} ${lines}`, tail);
      row(
        server.name,
        lines,
        count,
        ms(quantile(result.diagnostics, 0.5)),
        ms(tail[0]),
        ms(quantile(result.completion, 0.5)),
        ms(tail[1]),
        ms(result.processor),
        `${result.memory.toFixed(0)} MB`,
      );
    }
    const [ours, theirs] = ["zlayer", "yaml-language-server"].map((name) => tails.get(`${name} ${lines}`));
    if (ours !== undefined && theirs !== undefined) {
      row(
        "p99 of theirs",
        lines,
        "",
        "",
        (ours[0] / theirs[0]).toFixed(3),
        "",
        (ours[1] / theirs[1]).toFixed(3),
        "",
        "",
      );
    }
  }

  console.log("");
  for (const server of servers) {
    const count = Number(values.long ?? server.long);
    if (count > 0) {
      const { empty, samples } = await memory(server, count);
      const shown = samples.map((sample) => sample.toFixed(0)).join(" ");
      console.log(
        `${server.name}: ${empty.toFixed(0)} MB at start, then after each tenth of ${count} edits: ${shown} MB`,
      );
    }
  }
  console.log("");
  for (const server of servers) {
    const times = await startUp(server);
    console.log(
      `${server.name}: ready in ${ms(quantile(times, 0.5))} (p50), ${ms(Math.max(...times))} (longest of ${STARTS})`,
    );
  }
});
