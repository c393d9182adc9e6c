import { afterAll, beforeAll, expect, test } from "vitest";
import type { CodeLens } from "vscode-languageserver/node";
import { TestServer } from "./testing";

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
}, 900_000);
afterAll(async () => {
  await server.stop();
});

async function lenses(text: string): Promise<string[]> {
  const document = await server.open(text);
  const found = (await document.request("textDocument/codeLens")) as CodeLens[];
  return found.map(({ range, command }) => {
    const [target] = (command?.arguments ?? []) as [{ deployment: string; service?: string; uri: string }];
    const { deployment, service, uri } = target;
    expect(uri).toBe(document.uri);
    return `${range.start.line} ${command?.command} ${deployment}${service === undefined ? "" : `/${service}`}`;
  });
}

test("lenses stand above the deployment and each service", async () => {
  const text = "version: v1\ndeployment: demo\nservices:\n  web:\n    image: {name: a}\n  db:\n    image: {name: b}\n";
  expect(await lenses(text)).toEqual([
    "1 zlayer.deployment.deploy demo",
    "1 zlayer.service.showLogs demo",
    "1 zlayer.service.showMetrics demo",
    "3 zlayer.service.showLogs demo/web",
    "3 zlayer.service.showMetrics demo/web",
    "3 zlayer.container.openShell demo/web",
    "3 zlayer.service.scale demo/web",
    "5 zlayer.service.showLogs demo/db",
    "5 zlayer.service.showMetrics demo/db",
    "5 zlayer.container.openShell demo/db",
    "5 zlayer.service.scale demo/db",
  ]);
});

test("without a deployment name there is nothing to deploy", async () => {
  expect(await lenses("version: v1\nservices:\n  web:\n    image: {name: a}\n")).toEqual([]);
});
