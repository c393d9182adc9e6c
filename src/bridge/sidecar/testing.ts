// For tests: a real HTTP server on a unix socket of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Endpoint, unixEndpoint } from "./endpoint";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface TestServer {
  readonly endpoint: Endpoint;
  readonly socket: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** Starts a server; `close` also ends its open connections and removes its directory. */
export async function serveOnSocket(handler: Handler): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), "zlayer-test-"));
  const socket = join(directory, "engine.sock");
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    endpoint: unixEndpoint(socket),
    socket,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(directory, { recursive: true, force: true });
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
