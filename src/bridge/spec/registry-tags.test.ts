import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { registryTags, repositoryOf } from "./registry-tags";

async function registry(answer: (request: IncomingMessage, response: ServerResponse, base: string) => void) {
  const server = createServer((request, response) => answer(request, response, base));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return base;
}

test.each([
  ["nginx", "docker.io", "library/nginx"],
  ["bitnami/redis", "docker.io", "bitnami/redis"],
  ["ghcr.io/owner/app", "ghcr.io", "owner/app"],
  ["localhost:5000/a/b", "localhost:5000", "a/b"],
])("%s is at %s", (image, host, name) => {
  expect(repositoryOf(image)).toEqual({ registry: host, name });
});

test.each(["", "../x", "a b", "UPPER", "user@host/x", "a//b?x"])("%j is no image", (image) => {
  expect(repositoryOf(image)).toBeUndefined();
});

test("the highest versions come first, and what is no tag is left out", async () => {
  const base = await registry((_request, response) => {
    response.end(JSON.stringify({ tags: ["1.9", "1.27", "latest", "bad tag", 5] }));
  });
  expect(await registryTags(`${base}/app`, new AbortController().signal)).toEqual(["latest", "1.27", "1.9"]);
});

test("a registry that wants a token gets the anonymous one", async () => {
  const base = await registry((request, response, here) => {
    if (request.url?.startsWith("/token") === true) {
      expect(request.url).toContain("scope=repository%3Aapp%3Apull");
      response.end(JSON.stringify({ token: "t" }));
    } else if (request.headers.authorization === "Bearer t") {
      response.end(JSON.stringify({ tags: ["1"] }));
    } else {
      const challenge = `Bearer realm="http://${here}/token",service="r",scope="repository:app:pull"`;
      response.writeHead(401, { "www-authenticate": challenge }).end();
    }
  });
  expect(await registryTags(`${base}/app`, new AbortController().signal)).toEqual(["1"]);
});

test("an endless answer, a refusal and a redirect are errors", async () => {
  const signal = new AbortController().signal;
  const endless = await registry((_request, response) => void response.end(`"${"x".repeat(2 ** 21)}"`));
  await expect(registryTags(`${endless}/app`, signal)).rejects.toThrow("more than");
  const refusing = await registry((_request, response) => void response.writeHead(404).end());
  await expect(registryTags(`${refusing}/app`, signal)).rejects.toThrow("404");
  const away = await registry((_request, response) => void response.writeHead(302, { location: "http://x/" }).end());
  await expect(registryTags(`${away}/app`, signal)).rejects.toThrow();
});
