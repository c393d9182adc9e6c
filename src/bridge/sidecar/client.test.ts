import { createHash } from "node:crypto";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { ApiError, EngineUnreachable, isAbort } from "./api-error";
import { ZLayerClient } from "./client";
import { unixEndpoint } from "./endpoint";
import { type Handler, sendJson, serveOnSocket, type TestServer } from "./testing";
import type { TtyEvents } from "./tty";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function clientOf(handler: Handler): Promise<ZLayerClient> {
  server = await serveOnSocket(handler);
  return new ZLayerClient(server.endpoint);
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) {
    all.push(value);
  }
  return all;
}

describe("single calls", () => {
  it("sends the spec as JSON and returns the answer", async () => {
    let received = "";
    const client = await clientOf(async (request, response) => {
      for await (const chunk of request) {
        received += chunk;
      }
      sendJson(response, 201, { name: "hello", url: request.url, method: request.method });
    });
    expect(await client.deploy("version: v1\n")).toEqual({
      name: "hello",
      url: "/api/v1/deployments",
      method: "POST",
    });
    expect(JSON.parse(received)).toEqual({ spec: "version: v1\n" });
  });

  it("escapes names that become part of a path", async () => {
    const client = await clientOf((request, response) => sendJson(response, 200, { name: request.url }));
    expect(await client.deployment("../a b")).toEqual({ name: "/api/v1/deployments/..%2Fa%20b" });
  });

  it("accepts an empty answer where none is expected", async () => {
    const client = await clientOf((_request, response) => response.writeHead(204).end());
    await expect(client.removeDeployment("hello")).resolves.toBeUndefined();
  });

  it("takes error, code, remedy and problems from the sidecar's error body", async () => {
    const problem = { line: 3, column: 5, endLine: 3, endColumn: 9, path: "services.web", code: "x", message: "no" };
    const client = await clientOf((_request, response) =>
      sendJson(response, 400, { error: "bad spec", code: "invalid-spec", remedy: "fix it", problems: [problem, 7] }),
    );
    const error = await client.deploy("").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      message: "bad spec",
      status: 400,
      code: "invalid-spec",
      remedy: "fix it",
      problems: [problem],
    });
  });

  it.each([
    [{ message: "no such deployment" }, "no such deployment", "http-404"],
    [{ error: { code: "NOT_FOUND", message: "nothing here" } }, "nothing here", "NOT_FOUND"],
    ["plain words", "plain words", "http-404"],
    [{}, "The engine answered with status 404.", "http-404"],
  ])("reads the error body %j of another daemon", async (body, message, code) => {
    const client = await clientOf((_request, response) => sendJson(response, 404, body));
    await expect(client.deployment("x")).rejects.toMatchObject({ name: "ApiError", message, code });
  });

  it("says that nothing runs at a socket that does not exist", async () => {
    const client = new ZLayerClient(unixEndpoint(join(tmpdir(), "zlayer-none.sock")));
    const error = await client.ready().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineUnreachable);
    expect(String(error)).toContain("the socket does not exist");
  });

  it("ends with an AbortError when aborted", async () => {
    const abort = new AbortController();
    const client = await clientOf(() => abort.abort());
    const error = await client.ready({ signal: abort.signal }).catch((reason: unknown) => reason);
    expect(isAbort(error)).toBe(true);
  });
});

describe("streams", () => {
  it("yields status lines that are cut anywhere", async () => {
    const lines = [
      { type: "deployment", deployment: { name: "héllo" } },
      { type: "removed", name: "other" },
      { type: "synced" },
    ];
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const client = await clientOf((_request, response) => {
      for (let at = 0; at < bytes.length; at += 7) {
        response.write(bytes.subarray(at, at + 7));
      }
      response.end();
    });
    expect(await collect(client.status())).toEqual(lines);
  });

  it("throws what the engine reports in the middle of a log", async () => {
    const client = await clientOf((_request, response) => {
      response.end('{"stream":"stdout","data":"one\\n"}\n{"error":"the log file is gone"}\n');
    });
    await expect(collect(client.containerLogs("c1"))).rejects.toThrow("the log file is gone");
  });

  it("passes the log query on", async () => {
    const client = await clientOf((request, response) => {
      response.end(`${JSON.stringify({ stream: "stdout", data: request.url })}\n`);
    });
    const chunks = await collect(client.containerLogs("c/1", { tail: 10, follow: true, stderr: false }));
    const url = new URL(chunks[0]?.[0]?.data ?? "", "http://x");
    expect(url.pathname).toBe("/api/v1/containers/c%2F1/logs");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      format: "json",
      timestamps: "true",
      tail: "10",
      follow: "true",
      stderr: "false",
    });
  });

  it("reads followed service logs as server-sent events", async () => {
    const client = await clientOf((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(": hello\n\ndata: one\n\nevent: message\ndata: two\r\n\n");
    });
    expect((await collect(client.serviceLogs("d", "s", { follow: true }))).flat()).toEqual(["one", "two"]);
  });

  it("stops the sender while nobody reads", async () => {
    const line = `${JSON.stringify({ stream: "stdout", data: "x".repeat(1000) })}\n`;
    const block = line.repeat(100);
    const stopped = new Promise<void>((resolve) => {
      void clientOf((_request, response) => {
        const pump = (): void => {
          while (response.write(block)) {
            // Go on until the kernel's and Node's buffers are full.
          }
          resolve();
          response.once("drain", pump);
        };
        pump();
      }).then(async (client) => {
        const log = client.containerLogs("flood", { follow: true });
        await log.next();
        await stopped;
        await log.return(undefined);
      });
    });
    await expect(stopped).resolves.toBeUndefined();
  });

  it("closes the connection when the iteration is left", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const client = await clientOf((_request, response) => {
      closed = once(response, "close");
      response.write('{"type":"synced"}\n');
    });
    for await (const line of client.status({ follow: true })) {
      expect(line.type).toBe("synced");
      break;
    }
    await closed;
  });

  it("says that the connection was closed when it breaks", async () => {
    const client = await clientOf((_request, response) => {
      response.write('{"type":"synced"}\n', () => response.destroy());
    });
    const error = await collect(client.status({ follow: true })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineUnreachable);
    expect(String(error)).toContain("the connection was closed");
  });

  it("ends with an AbortError when it is aborted in the middle", async () => {
    const abort = new AbortController();
    const client = await clientOf((_request, response) => response.write('{"type":"synced"}\n'));
    const lines = client.status({ follow: true, signal: abort.signal });
    await lines.next();
    abort.abort();
    const error = await lines.next().catch((reason: unknown) => reason);
    expect(isAbort(error)).toBe(true);
  });

  it("refuses a line without end", async () => {
    const client = await clientOf((_request, response) => {
      const block = Buffer.alloc(1024 * 1024, "x");
      const pump = (): void => {
        while (!response.destroyed && response.write(block)) {
          // Until full.
        }
        response.once("drain", pump);
      };
      pump();
    });
    await expect(collect(client.status({ follow: true }))).rejects.toMatchObject({ code: "line-too-long" });
  });
});

describe("terminal", () => {
  const SILENT: TtyEvents = { onData: () => {}, onExit: () => {}, onLost: () => {} };

  it("carries bytes both ways, the size, and the exit status", async () => {
    const client = await clientOf((_request, response) => response.writeHead(426).end());
    const sockets = new WebSocketServer({ server: (server as TestServer).server });
    const sizes: string[] = [];
    sockets.on("connection", (socket, request) => {
      sizes.push(request.url ?? "");
      socket.on("message", (data, isBinary) => {
        if (isBinary) {
          socket.send(data, { binary: true });
          socket.send('{"type":"exit","code":7}');
        } else {
          sizes.push(String(data));
        }
      });
    });
    const received: string[] = [];
    let ended: (code: number) => void = () => {};
    const exit = new Promise<number>((resolve) => {
      ended = resolve;
    });
    const events: TtyEvents = {
      ...SILENT,
      onData: (bytes) => received.push(Buffer.from(bytes).toString()),
      onExit: (code) => ended(code),
    };
    const tty = await client.tty("c1", events, { cols: 100, rows: 30, command: ["sh", "-c", "a b"] });
    tty.resize(120, 40);
    tty.write("héllo");
    expect(await exit).toBe(7);
    expect(received).toEqual(["héllo"]);
    expect(sizes).toEqual([
      "/sidecar/v1/containers/c1/tty?cols=100&rows=30&command=sh&command=-c&command=a+b",
      '{"type":"resize","cols":120,"rows":40}',
    ]);
    tty.close();
    sockets.close();
  });

  it("loses nothing that comes in one piece with the answer to the handshake", async () => {
    const client = await clientOf(() => {});
    (server as TestServer).server.on("upgrade", (request, socket) => {
      const accept = createHash("sha1")
        .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
      const prompt = Buffer.from("/ # ");
      // A final binary frame, unmasked, as RFC 6455 section 5.2 lays it out.
      socket.on("end", () => socket.end());
      socket.on("data", () => socket.end());
      socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x82, prompt.length]), prompt]));
    });
    const received: string[] = [];
    const tty = await client.tty("c1", { ...SILENT, onData: (bytes) => received.push(Buffer.from(bytes).toString()) });
    await expect.poll(() => received).toEqual(["/ # "]);
    tty.close();
  });

  it("takes no more than it lets through: the rest waits at its source, and comes later", async () => {
    const client = await clientOf((_request, response) => response.writeHead(426).end());
    const sockets = new WebSocketServer({ server: (server as TestServer).server, perMessageDeflate: false });
    const [message, count] = [Buffer.alloc(64 * 1024), 512];
    let source: WebSocket | undefined;
    sockets.on("connection", (socket) => {
      source = socket;
      for (let sent = 0; sent < count; sent += 1) {
        socket.send(message);
      }
      socket.send('{"type":"exit","code":0}');
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let received = 0;
      let exit: number | undefined;
      const events: TtyEvents = {
        ...SILENT,
        onData: (bytes) => {
          received += bytes.length;
        },
        onExit: (code) => {
          exit = code;
        },
      };
      const tty = await client.tty("c1", events);
      const until = async (condition: () => boolean): Promise<void> => {
        while (!condition()) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      // No time passes: what one burst holds is let through, with what had arrived in the same piece, and then no more.
      await until(() => received >= 256 * 1024);
      for (let turn = 0; turn < 1000; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const first = received;
      expect(first).toBeLessThan(1024 * 1024);
      expect(source?.bufferedAmount).toBeGreaterThan(((count * 3) / 4) * message.length);
      // Each burst's time lets one more through, until nothing is missing.
      let bursts = 0;
      while (exit === undefined) {
        const before = received;
        await vi.advanceTimersByTimeAsync(25);
        await until(() => received > before || exit !== undefined);
        bursts += 1;
      }
      expect(received).toBe(count * message.length);
      expect(bursts).toBeGreaterThan(received / (1024 * 1024));
      tty.close();
    } finally {
      vi.useRealTimers();
      sockets.close();
    }
  });

  it("rejects with the engine's reason when the container does not run", async () => {
    const client = await clientOf(() => {});
    (server as TestServer).server.on("upgrade", (_request, socket) => {
      const body = JSON.stringify({ error: "web-0 does not run", code: "not-running" });
      socket.end(`HTTP/1.1 409 Conflict\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
    });
    await expect(client.tty("c1", SILENT)).rejects.toMatchObject({
      message: "web-0 does not run",
      code: "not-running",
    });
  });
});
