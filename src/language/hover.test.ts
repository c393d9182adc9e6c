import { afterAll, beforeAll, expect, test } from "vitest";
import type { Hover, MarkupContent } from "vscode-languageserver/node";
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
    image: { name: nginx, pull_policy: always }
    env: { TOKEN: $S:token }
    scale: { mode: fixed, replicas: 1 }
    depends:
      - { service: web, timeout: 5s }
`;

async function hover(marked: string): Promise<string> {
  const document = await server.open(SPEC);
  const answer = (await document.request("textDocument/hover", {
    position: document.position(marked),
  })) as Hover | null;
  return answer === null ? "" : (answer.contents as MarkupContent).value;
}

test("a field tells its documentation, its values and its default", async () => {
  const text = await hover("pull_pol|icy");
  expect(text).toContain("services.web.image.pull_policy");
  expect(text).toContain("Default: `if_not_present`");
  expect(text).toContain("- `never`");
  expect(text).toContain("When to pull the image");
});

test("in a list and inside a kind", async () => {
  expect(await hover("time|out")).toContain("Default: `5m`");
  expect(await hover("repli|cas")).toContain("whole number");
});

test("a secret says what it is", async () => {
  expect(await hover("$S:to|ken")).toContain("The secret `token`");
});

test("nothing where nothing is known", async () => {
  expect(await hover("dem|o")).toContain("deployment");
  const document = await server.open("# only a comment\n");
  expect(await document.request("textDocument/hover", { position: { line: 0, character: 3 } })).toBeNull();
});
