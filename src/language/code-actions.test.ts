import { afterAll, beforeAll, expect, test } from "vitest";
import type { CodeAction } from "vscode-languageserver/node";
import { type OpenDocument, TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const WHOLE = { start: { line: 0, character: 0 }, end: { line: 1000, character: 0 } };

async function actions(document: OpenDocument, only: string): Promise<CodeAction[]> {
  const context = { diagnostics: document.diagnostics, only: [only] };
  return (await document.request("textDocument/codeAction", { range: WHOLE, context })) as CodeAction[];
}

/** The text after the one fix of that title. */
async function fixed(text: string, title: string): Promise<string> {
  const document = await server.open(text);
  const all = await actions(document, "quickfix");
  const action = all.find((candidate) => candidate.title.includes(title));
  if (action === undefined) {
    throw new Error(`no fix "${title}" among ${JSON.stringify(all.map((candidate) => candidate.title))}`);
  }
  return document.applied(action.edit?.changes?.[document.uri] ?? []);
}

const spec = (service: string) =>
  `version: v1\ndeployment: demo\nservices:\n  web:\n${service.replace(/^/gm, "    ")}\n`;

test.each([
  [
    "a slip of the hand",
    "image: {name: a}\nscale: {mode: fixd, replicas: 1}",
    "`fixed`",
    "image: {name: a}\nscale: {mode: fixed, replicas: 1}",
  ],
  [
    "an image as text",
    "image: nginx\nscale: {mode: manual}",
    "mapping",
    "image: { name: nginx }\nscale: {mode: manual}",
  ],
  [
    "megabytes",
    "image: {name: a}\nresources: {memory: 512MB}",
    "512Mi",
    "image: {name: a}\nresources: {memory: 512Mi}",
  ],
  [
    "a cron of five fields",
    'rtype: cron\nimage: {name: a}\nschedule: "5 4 * * *"',
    "0 5 4",
    'rtype: cron\nimage: {name: a}\nschedule: "0 5 4 * * *"',
  ],
  ["no scale", "image: {name: a}", "Pin", "image: {name: a}\nscale:\n  mode: fixed\n  replicas: 1"],
  [
    "one overlay",
    "image: {name: a}\nscale: {mode: manual}\nnetwork: {overlays: {service: {enabled: true}}}",
    "global",
    "image: {name: a}\nscale: {mode: manual}\nnetwork: {overlays: {service: {enabled: true}, global: {enabled: true, encrypted: true, isolated: false}}}",
  ],
  [
    "a password",
    "image: {name: a}\nenv:\n  DB_PASSWORD: hunter2\nscale: {mode: manual}",
    "secret",
    "image: {name: a}\nenv:\n  DB_PASSWORD: $S:db-password\nscale: {mode: manual}",
  ],
  [
    "the same twice",
    "image: {name: a}\nenv:\n  A: 1\n  A: 2\nscale: {mode: manual}",
    "Remove",
    "image: {name: a}\nenv:\n  A: 2\nscale: {mode: manual}",
  ],
  [
    "a directory beside the spec",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: bind, source: ./data, target: /data}]",
    "/data`",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: bind, source: /data, target: /data}]",
  ],
  [
    "a directory that may be a volume",
    "image: {name: a}\nscale: {mode: manual}\nstorage:\n  - type: bind\n    source: ./data\n    target: /data",
    "volume",
    "image: {name: a}\nscale: {mode: manual}\nstorage:\n  - type: named\n    name: data\n    target: /data",
  ],
  [
    "a place in the container without its slash",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: anonymous, target: ./data}]",
    "/data",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: anonymous, target: /data}]",
  ],
  [
    "a name that no volume has",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: named, name: My Data, target: /data}]",
    "my-data",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: named, name: my-data, target: /data}]",
  ],
  [
    "itself",
    "image: {name: a}\nscale: {mode: manual}\ndepends: [{service: web}]",
    "Remove",
    "image: {name: a}\nscale: {mode: manual}\ndepends: []",
  ],
  [
    "published ports",
    'image: {name: a}\nports:\n  - "127.0.0.1:8080:80"\n  - 53:53/udp\nscale: {mode: manual}',
    "port_mappings",
    "image: {name: a}\nport_mappings:\n  - host_ip: 127.0.0.1\n    host_port: 8080\n    container_port: 80\n  - host_port: 53\n    container_port: 53\n    protocol: udp\nscale: {mode: manual}",
  ],
  [
    "volumes",
    "image: {name: a}\nscale: {mode: manual}\nvolumes: [data:/data, ./src:/src:ro]",
    "storage",
    "image: {name: a}\nscale: {mode: manual}\nstorage:\n  - type: named\n    name: data\n    target: /data\n  - type: bind\n    source: ./src\n    target: /src\n    readonly: true",
  ],
  [
    "a restart policy",
    "image: {name: a}\nrestart: unless-stopped\nscale: {mode: manual}",
    "restart_policy",
    "image: {name: a}\nrestart_policy:\n  kind: unless_stopped\nscale: {mode: manual}",
  ],
  [
    "a command as text",
    "image: {name: a}\ncommand: npm start\nscale: {mode: manual}",
    "command",
    "image: {name: a}\ncommand:\n  args:\n    - npm\n    - start\nscale: {mode: manual}",
  ],
  [
    "permissions with a leading zero",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: tmpfs, target: /t, mode: 0755}]",
    "0o755",
    "image: {name: a}\nscale: {mode: manual}\nstorage: [{type: tmpfs, target: /t, mode: 0o755}]",
  ],
  [
    "yes and no",
    "image: {name: a}\nscale: {mode: manual}\nread_only_root_fs: yes",
    "true",
    "image: {name: a}\nscale: {mode: manual}\nread_only_root_fs: true",
  ],
  [
    "what a wasm world lacks",
    "image: {name: a}\nscale: {mode: manual}\nservice_type: wasm_transformer\nwasm: {capabilities: {cli: true, sockets: true}}",
    "Turn off",
    "image: {name: a}\nscale: {mode: manual}\nservice_type: wasm_transformer\nwasm: {capabilities: {cli: true, sockets: false, config: false, keyvalue: false, metrics: false}}",
  ],
  [
    "a duration without a unit",
    "image: {name: a}\nscale: {mode: manual}\nstop_grace_period: 10",
    "10s",
    "image: {name: a}\nscale: {mode: manual}\nstop_grace_period: 10s",
  ],
])("%s is mended", async (_name, before, title, after) => {
  expect(await fixed(spec(before), title)).toBe(spec(after));
});

test("fix all mends everything that can be mended", async () => {
  const document = await server.open(spec("image: nginx\nresources: {memory: 1GB}\nenvironment: {A: b}"));
  const [all] = await actions(document, "source.fixAll");
  const text = document.applied(all?.edit?.changes?.[document.uri] ?? []);
  expect(text).toBe(
    spec("image: { name: nginx }\nresources: {memory: 1Gi}\nenv: {A: b}\nscale:\n  mode: fixed\n  replicas: 1"),
  );
});

test("fix all mends what begins where the mending before it ends", async () => {
  const document = await server.open(
    "version: v1\ndeployment: demo\nservices:\n  db:\n    image: {name: a}\n    env:\n      DB_PASSWORD: hunter2\n",
  );
  const [all] = await actions(document, "source.fixAll");
  expect(document.applied(all?.edit?.changes?.[document.uri] ?? [])).toBe(
    "version: v1\ndeployment: demo\nservices:\n  db:\n    image: {name: a}\n    env:\n      DB_PASSWORD: $E:DB_PASSWORD\n    scale:\n      mode: fixed\n      replicas: 1\n",
  );
});

test("a secret in plain text is first read from the environment, which every engine serves", async () => {
  const document = await server.open(spec("image: {name: a}\nscale: {mode: manual}\nenv: {DB_PASSWORD: hunter2}"));
  const [first, second] = await actions(document, "quickfix");
  expect(first).toMatchObject({ title: "Read the environment variable `DB_PASSWORD` instead", isPreferred: true });
  expect(second).toMatchObject({ title: "Read the secret `db-password` instead", isPreferred: false });
});

test("what is mended at once is the text as it is, also right after an edit and before its diagnostics", async () => {
  const document = await server.open(
    spec("image: nginx\nresources: {memory: 512MB}\nscale: {mode: fixed, replicas: 1}\nstop_grace_period: 30"),
  );
  for (const [from, to] of [
    ["512MB", "512Mi"],
    ["grace_period: 30", "grace_period: 30s"],
  ] as const) {
    const diagnostics = document.edit(document.text.indexOf(from), from.length, to);
    const [all] = await actions(document, "source.fixAll");
    const mended = document.applied(all?.edit?.changes?.[document.uri] ?? []);
    expect(mended).toContain("image: { name: nginx }");
    expect(mended).toContain(to);
    await diagnostics;
  }
});

test("what is mended at once is found in a spec that was opened a moment ago", async () => {
  const fresh = await TestServer.start();
  const text = spec("image: nginx\nscale: {mode: fixed, replicas: 1}");
  const opened = fresh.open(text, "file:///fresh.zlayer.yml");
  const found = (await fresh.request("textDocument/codeAction", {
    textDocument: { uri: "file:///fresh.zlayer.yml" },
    range: WHOLE,
    context: { diagnostics: [], only: ["source.fixAll"] },
  })) as CodeAction[];
  expect(found).toHaveLength(1);
  await opened;
  await fresh.stop();
}, 60_000);
