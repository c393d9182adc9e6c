// The client against ZLayer's own description of its daemon: a server that refuses every request which the OpenAPI document does
// not allow, and answers with bodies made from that document.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:http";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";
import addFormats from "ajv-formats";
import { sample } from "openapi-sampler";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import document from "../../protocol/zlayer-openapi.json";
import { discover, whyMissing } from "./capabilities";
import { ZLayerClient } from "./client";
import { readDaemonState } from "./daemon-state";
import { parseEndpoint } from "./endpoint";

interface Media {
  readonly schema?: object;
}
interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: object;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

const TOKEN = "a-token";
const PATHS = document.paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;

// The document's own formats ("int32", "binary", …) say nothing that JSON could break.
const ajv = new Ajv2020({ strict: false, coerceTypes: false, logger: false });
addFormats(ajv);
const queryAjv = new Ajv2020({ strict: false, coerceTypes: true, logger: false });
for (const validator of [ajv, queryAjv]) {
  validator.addSchema({ $id: "zlayer", components: document.components });
}

const compiled = new Map<string, ValidateFunction>();

/** Compiles a schema of the document, whose references start at its root. */
function compile(validator: Ajv2020, schema: object): ValidateFunction {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"zlayer#/components/');
  const key = `${validator === ajv} ${text}`;
  const validate = compiled.get(key) ?? validator.compile(JSON.parse(text));
  compiled.set(key, validate);
  return validate;
}

/** The same schema without "or null", of which the sampler makes neither. */
function withoutNull(schema: unknown): unknown {
  if (Array.isArray(schema)) {
    return schema.map(withoutNull);
  }
  if (typeof schema !== "object" || schema === null) {
    return schema;
  }
  const { oneOf, ...rest } = schema as { oneOf?: readonly { type?: string }[] };
  const left = oneOf?.filter(({ type }) => type !== "null");
  const merged = left?.length === 1 && left.length !== oneOf?.length ? { ...rest, ...left[0] } : schema;
  return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, withoutNull(value)]));
}

const SAMPLED = withoutNull(document) as object;

/** What the document does not allow about each request, in words. */
let violations: string[] = [];
/** "GET /path/template" of each request. */
let called: string[] = [];
/** Whether optional fields are left out of answers. */
let terse = false;

let server: Server;
let client: ZLayerClient;

beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  client = new ZLayerClient(parseEndpoint(`http://127.0.0.1:${port}/`, TOKEN));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  violations = [];
  called = [];
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "", "http://daemon");
  const method = (request.method ?? "").toLowerCase();
  const found = Object.entries(PATHS).find(
    ([template, operations]) => matches(template, url.pathname) && operations[method] !== undefined,
  );
  const operation = found?.[1][method];
  if (found === undefined || operation === undefined) {
    called.push(`${request.method} ${url.pathname}`);
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
    return;
  }
  const name = `${request.method} ${found[0]}`;
  called.push(name);
  if (request.headers.authorization !== `Bearer ${TOKEN}`) {
    violations.push(`${name}: no token`);
  }
  checkQuery(name, operation, url.searchParams);
  checkBody(name, operation, request.headers["content-type"], await textOf(request));
  answer(name, operation, url.searchParams, response);
}

function matches(template: string, path: string): boolean {
  const parts = template.split("/");
  const own = path.split("/");
  return parts.length === own.length && parts.every((part, at) => part.startsWith("{") || part === own[at]);
}

function checkQuery(name: string, { parameters = [] }: Operation, query: URLSearchParams): void {
  for (const [key, value] of query) {
    const parameter = parameters.find((candidate) => candidate.in === "query" && candidate.name === key);
    if (parameter === undefined) {
      violations.push(`${name}: unknown parameter ${key}`);
      continue;
    }
    const holder = { type: "object", properties: { value: parameter.schema } };
    const validate = compile(queryAjv, holder);
    if (!validate({ value })) {
      violations.push(`${name}: ${key}=${value}: ${queryAjv.errorsText(validate.errors)}`);
    }
  }
  for (const parameter of parameters) {
    if (parameter.in === "query" && parameter.required && !query.has(parameter.name)) {
      violations.push(`${name}: ${parameter.name} is missing`);
    }
  }
}

function checkBody(name: string, { requestBody }: Operation, type: string | undefined, text: string): void {
  const schema = requestBody?.content["application/json"]?.schema;
  if (schema === undefined) {
    if (text !== "") {
      violations.push(`${name}: a body that nobody asked for`);
    }
    return;
  }
  if (type !== "application/json") {
    violations.push(`${name}: content type ${type}`);
  }
  const validate = compile(ajv, schema);
  if (!validate(JSON.parse(text))) {
    violations.push(`${name}: ${ajv.errorsText(validate.errors)}`);
  }
}

/** Answers as the document says, with a sample that was itself checked. Streams, of which it says nothing, are one line long. */
function answer(name: string, operation: Operation, query: URLSearchParams, response: ServerResponse): void {
  const [status = "500", { content } = {}] =
    Object.entries(operation.responses).find(([code]) => code.startsWith("2")) ?? [];
  const schema = content?.["application/json"]?.schema;
  if (query.get("stream") === "true" && name.endsWith("/pull")) {
    response.end('{"kind":"done","reference":"app:1"}\n');
  } else if (name.endsWith("/events")) {
    response.end(`${JSON.stringify(bodyFor({ $ref: "#/components/schemas/DaemonEvent" }))}\n`);
  } else if (name.endsWith("containers/{id}/logs")) {
    response.end('{"stream":"stdout","timestamp":null,"data":"a line\\n"}\n');
  } else if (query.get("follow") === "true") {
    response.end("data: a line\n\n");
  } else if (schema === undefined) {
    response.writeHead(Number(status)).end(content === undefined ? "" : "a line\n");
  } else {
    response.writeHead(Number(status), { "content-type": "application/json" }).end(JSON.stringify(bodyFor(schema)));
  }
}

function bodyFor(schema: object): unknown {
  const made: unknown = sample(withoutNull(schema) as object, { skipNonRequired: terse, quiet: true }, SAMPLED);
  const validate = compile(ajv, schema);
  if (!validate(made)) {
    throw new Error(`the sample breaks the document: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(made)}`);
  }
  return made;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
  }
  return text;
}

async function drain(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _item of stream) {
    count += 1;
  }
  return count;
}

/** Every call of the client that a stock daemon knows; each with all that can be asked for. */
const CALLS: Readonly<Record<string, () => Promise<unknown>>> = {
  ready: () => client.ready(),
  deployments: () => client.deployments(),
  deployment: () => client.deployment("hello"),
  deploymentSpec: () => client.deploymentSpec("hello"),
  deploy: () => client.deploy("version: v1\n"),
  removeDeployment: () => client.removeDeployment("hello"),
  services: () => client.services("hello"),
  service: () => client.service("hello", "web"),
  scale: () => client.scale("hello", "web", 3),
  serviceLogs: async () => {
    expect(await drain(client.serviceLogs("hello", "web", { lines: 10, instance: "c1" }))).toBeGreaterThan(0);
    expect(await drain(client.serviceLogs("hello", "web", { follow: true }))).toBe(1);
  },
  containers: () => client.containers({ "zlayer.deployment": "hello" }),
  container: () => client.container("c1"),
  containerLogs: async () => {
    const query = { follow: true, tail: 5, since: 1, until: 2, stdout: true, stderr: false };
    expect(await drain(client.containerLogs("c1", query))).toBe(1);
  },
  openContainerLog: async () => drain(await client.openContainerLog("c1")),
  exec: () => client.exec("c1", ["echo", "hi"]),
  restartContainer: () => client.restartContainer("c1"),
  stopContainer: () => client.stopContainer("c1"),
  images: () => client.images(),
  pullImage: async () => expect(await drain(client.pullImage("app:1"))).toBe(1),
  removeImage: () => client.removeImage("docker.io/library/nginx:1", { force: true }),
  pruneImages: () => client.pruneImages(),
  nodes: () => client.nodes(),
  clusterNodes: () => client.clusterNodes(),
  secrets: () => client.secrets(),
  events: async () => expect(await drain(client.events())).toBe(1),
};

/** What only the sidecar has. */
const OWN_CALLS = ["info", "status", "metrics", "metricsStream", "tty", "undoDeploy", "shutdown"];

describe.each([
  ["with every optional field", false],
  ["with the required fields only", true],
])("a stock daemon that answers %s", (_words, withoutOptional) => {
  beforeEach(() => {
    terse = withoutOptional;
  });

  it.each(Object.keys(CALLS))("understands %s and is understood", async (name) => {
    await CALLS[name]?.();
    expect(violations).toEqual([]);
    expect(called.length).toBeGreaterThan(0);
    expect(called.filter((call) => !call.includes("{") && PATHS[call.split(" ")[1] ?? ""] === undefined)).toEqual([]);
  });

  it("is recognised, and what it lacks is said", async () => {
    const capabilities = await discover(client);
    expect(capabilities.kind).toBe("daemon");
    for (const feature of ["tty", "metrics", "undo", "shutdown"] as const) {
      expect(whyMissing(capabilities, feature)).toMatch(/^The zlayer daemon .* does not offer .*\.$/);
    }
  });

  it("tells enough for the tree of deployments", async () => {
    const [deployment] = await readDaemonState(client, new AbortController().signal);
    expect(violations).toEqual([]);
    expect(deployment?.name).toEqual(expect.any(String));
    expect(deployment?.services[0]?.desired).toEqual(expect.any(Number));
  });
});

it("every call of the client is one of the daemon's or one of the sidecar's own", () => {
  const calls = Object.getOwnPropertyNames(ZLayerClient.prototype).filter((name) => name !== "constructor");
  expect(calls.sort()).toEqual([...Object.keys(CALLS), ...OWN_CALLS].sort());
});
