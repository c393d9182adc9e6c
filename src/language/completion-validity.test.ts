// What completion offers is valid where it is offered: accepted in place of what stands there, it brings no new error.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CompletionItem, DiagnosticSeverity, type TextEdit } from "vscode-languageserver/node";
import { Random } from "../../scripts/lib/random.mjs";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

const SPEC = `version: v1
deployment: demo
services:
  web:
    image:
      name: nginx:1.27
      pull_policy: newer
    rtype: service
    service_type: standard
    resources:
      cpu: 0.5
      memory: 64Mi
      gpu: { count: 1, sharing: mps }
    env:
      TOKEN: $S:token
    endpoints:
      - name: http
        protocol: http
        port: 80
        expose: public
    scale:
      mode: fixed
      replicas: 1
    depends:
      - service: db
        condition: started
        timeout: 30s
        on_timeout: warn
    health:
      interval: 5s
      check:
        type: tcp
        port: 80
    restart_policy:
      kind: always
    init:
      steps:
        - id: wait
          uses: init.wait_tcp
          on_failure: fail
    storage:
      - type: named
        name: data
        target: /data
        tier: local
    node_mode: shared
    affinity: spread
    stop_grace_period: 10s
    stop_signal: SIGTERM
  db:
    image: { name: postgres:17 }
    scale: { mode: manual }
`;

/** The beginnings of a reference: a name must follow. */
const BEGINNINGS = ["$E:", "$S:"];

/** Values that decide what else must or may stand beside them; taking another is the first of two steps. */
const DECIDES = /^\s*(- )?(mode|type|rtype|service_type): |scale: \{ mode: /;

test("each value that is offered at a random place is valid there", async () => {
  const random = new Random(11);
  const lines = SPEC.split("\n");
  let accepted = 0;
  for (let round = 0; round < 60; round++) {
    const line = random.below(lines.length);
    const text = lines[line] ?? "";
    const [head] = /^\s*(- )?[a-z_]+: (?=[^{])/i.exec(text) ?? [];
    if (head === undefined || DECIDES.test(text)) {
      continue;
    }
    const document = await server.open(SPEC);
    const position = { line, character: text.length };
    const items = (await document.request("textDocument/completion", { position })) as CompletionItem[];
    for (const item of items.filter(({ label }) => !BEGINNINGS.includes(label))) {
      const edit = item.textEdit as TextEdit;
      const changed = await server.open(document.applied([edit]));
      const errors = changed.diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error);
      expect([text.trim(), item.label, errors.map(({ message }) => message)]).toEqual([text.trim(), item.label, []]);
      accepted += 1;
    }
  }
  expect(accepted).toBeGreaterThan(50);
}, 120_000);

test("each key that is offered at the end of a mapping is known there", async () => {
  const random = new Random(12);
  const lines = SPEC.split("\n");
  for (let round = 0; round < 25; round++) {
    const line = random.below(lines.length);
    const indent = /^\s+(- )?(?=[a-z_]+:)/.exec(lines[line] ?? "")?.[0].length ?? 0;
    const text = [...lines.slice(0, line), ...(indent === 0 ? [] : [" ".repeat(indent)]), ...lines.slice(line)].join(
      "\n",
    );
    if (indent === 0 || (lines[line] ?? "").includes("- ")) {
      continue;
    }
    const document = await server.open(text);
    const position = { line, character: indent };
    const items = (await document.request("textDocument/completion", { position })) as CompletionItem[];
    for (const item of items) {
      const name = (item.textEdit as TextEdit).newText.split(":")[0] ?? "";
      const written = await server.open(text.replace(/^ +$/m, `${" ".repeat(indent)}${name}:`));
      const unknown = written.diagnostics.filter(({ code }) => code === "unknown-field" || code === "duplicate-field");
      expect([name, unknown.map(({ message }) => message)]).toEqual([name, []]);
    }
  }
}, 120_000);
