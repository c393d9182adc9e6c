import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { patientFetch } from "./patient-fetch";

let server: Server;
let url: string;
/** The methods that arrived. */
let arrived: string[];
/** How many of the next calls are met with a closed connection. */
let closes: number;

beforeEach(async () => {
  arrived = [];
  closes = 1;
  server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) {
      body += String(chunk);
    }
    arrived.push((JSON.parse(body) as { method: string }).method);
    if (closes-- > 0) {
      request.socket.destroy();
      return;
    }
    response.end('{"jsonrpc":"2.0","id":1,"result":"0x1"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function call(method: string, to = url): Promise<Response> {
  return patientFetch(to, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }) });
}

it("asks again when the connection closes under a call that reads", async () => {
  expect(await (await call("eth_call")).json()).toMatchObject({ result: "0x1" });
  expect(arrived).toEqual(["eth_call", "eth_call"]);
});

it.each(["eth_sendRawTransaction", "eth_sendTransaction"])("does not ask twice for %s", async (method) => {
  await expect(call(method)).rejects.toThrow("fetch failed");
  expect(arrived).toEqual([method]);
});

it("gives up when each connection closes", async () => {
  closes = Number.POSITIVE_INFINITY;
  await expect(call("eth_call")).rejects.toThrow("fetch failed");
  expect(arrived).toHaveLength(3);
});

it("does not go on asking where nothing listens", async () => {
  await expect(call("eth_call", "http://127.0.0.1:1")).rejects.toThrow("fetch failed");
});
