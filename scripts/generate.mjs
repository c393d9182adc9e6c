// Writes the generated sources: `npm run generate`. With `--check` writes nothing and fails when one of them is stale.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { toJsonSchema } from "@valibot/to-json-schema";
import openapiTS, { astToString } from "openapi-typescript";
import { ROOT } from "./lib/paths.mjs";
import { isMain, main } from "./lib/run.mjs";
import { importTypeScript } from "./lib/typescript.mjs";

/** The parts of ZLayer's API that this project speaks; types of the others are left out. */
const ZLAYER_PATHS = [
  "/health/",
  "/api/v1/cluster/nodes",
  "/api/v1/containers",
  "/api/v1/daemon/",
  "/api/v1/deployments",
  "/api/v1/events",
  "/api/v1/images",
  "/api/v1/nodes",
  "/api/v1/secrets",
  "/api/v1/system/prune",
];

/** Schemas that no path refers to because their streams are described in words. */
const ZLAYER_STREAMED = ["DaemonEvent"];

const GENERATED = [
  {
    from: "src/protocol/zlayer-openapi.json",
    to: "src/protocol/zlayer.generated.ts",
    make: typesOf((document) => reduceDocument(document, ZLAYER_PATHS, ZLAYER_STREAMED)),
  },
  {
    from: "runtime-sidecar/openapi-sidecar.json",
    to: "src/protocol/sidecar.generated.ts",
    make: typesOf((document) => document),
  },
  { from: "src/protocol/job-file.ts", to: "schemas/zlayer-job-v1.schema.json", make: jobSchema },
];

/**
 * The document with those paths only, and with the schemas that they reach.
 *
 * @param {Record<string, any>} document an OpenAPI document
 * @param {string[]} prefixes of the paths to keep
 * @param {string[]} roots names of schemas to keep beside those that the paths reach
 */
export function reduceDocument(document, prefixes, roots = []) {
  const paths = Object.fromEntries(
    Object.entries(document.paths).filter(([path]) => prefixes.some((prefix) => path.startsWith(prefix))),
  );
  const kept = new Set();
  const queue = [...roots, ...schemaNames(paths)];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (!kept.has(name)) {
      kept.add(name);
      queue.push(...schemaNames(document.components.schemas[name]));
    }
  }
  const schemas = Object.fromEntries(Object.entries(document.components.schemas).filter(([name]) => kept.has(name)));
  return { ...document, paths, components: { ...document.components, schemas } };
}

function schemaNames(value) {
  return [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
}

/** The types of an OpenAPI document, reduced to what is spoken. */
function typesOf(reduce) {
  return async ({ from, to }) => {
    const document = reduce(JSON.parse(await readFile(join(ROOT, from), "utf8")));
    const ast = await openapiTS(document, { alphabetize: true });
    return `// Generated from ${from} by \`npm run generate\`. Do not edit ${to}.\n${astToString(ast)}`;
  };
}

/** The schema of job files for editors, from the one that reads them. */
async function jobSchema({ from }) {
  const { jobFile, COUNTRIES } = await importTypeScript(from);
  const schema = toJsonSchema(jobFile, {
    target: "draft-07",
    typeMode: "input",
    // What a check says beyond the schema is said by the language server.
    ignoreActions: ["check"],
  });
  const { payment, bidding } = schema.properties;
  // Read as text, so that no digit is lost; written as a number by people.
  payment.properties.max_rate.type = ["number", "string"];
  bidding.properties.region.enumDescriptions = COUNTRIES.map(({ name }) => name);
  const head = {
    $schema: schema.$schema,
    $comment: `Generated from ${from} by \`npm run generate\`.`,
    title: "ZLayer job",
  };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

/**
 * Makes every generated file, or compares.
 *
 * @param {{ check: boolean }} options
 * @returns {Promise<string[]>} the files that were stale
 */
export async function generate({ check }) {
  const stale = [];
  for (const source of GENERATED) {
    const text = await source.make(source);
    const path = join(ROOT, source.to);
    const before = await readFile(path, "utf8").catch((error) => {
      if (error.code === "ENOENT") {
        return "";
      }
      throw error;
    });
    if (before !== text) {
      stale.push(source.to);
      if (!check) {
        await writeFile(path, text);
      }
    }
  }
  return stale;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
    const stale = await generate(values);
    if (values.check && stale.length > 0) {
      throw new Error(`stale: ${stale.join(", ")}. Run \`npm run generate\` and commit the result.`);
    }
  });
}
