import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { patientFetch } from "../patient-fetch";

/** A JSON-RPC call as it passes through. */
export interface RpcCall {
  readonly method: string;
  readonly params?: readonly unknown[];
}

/** What a test makes of a call in place of the node's answer. */
export type Fault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly result: unknown }
  /** Never answers. */
  | "silence";

/** Stands between a client and a chain node, counts calls and answers some of them otherwise. */
export class FaultProxy {
  /** All calls over HTTP, in their order. */
  readonly calls: RpcCall[] = [];
  /** @returns a fault; undefined lets the call through */
  before: (call: RpcCall) => Fault | undefined = () => undefined;
  /** Changes a true answer. */
  after: (call: RpcCall, result: unknown) => unknown = (_call, result) => result;
  /** Whether new blocks are told. */
  tells = true;
  /** A call that cannot be passed on ends as it would without this between: with a closed connection. */
  readonly #server = createServer(
    (request, response) => void this.#serve(request, response).catch(() => response.destroy()),
  );
  readonly #sockets = new WebSocketServer({ server: this.#server });
  readonly #target: { readonly rpcUrl: string; readonly wsUrl: string };
  readonly #open = new Set<WebSocket>();

  private constructor(target: { readonly rpcUrl: string; readonly wsUrl: string }) {
    this.#target = target;
    this.#sockets.on("connection", (socket) => this.#relay(socket));
  }

  static async start(target: { readonly rpcUrl: string; readonly wsUrl: string }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get rpcUrl(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
  get wsUrl(): string {
    return `ws://127.0.0.1:${this.#port}`;
  }

  /** How often a method was called since the last `forget`. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  forget(): void {
    this.calls.length = 0;
  }

  /** Breaks all websockets. */
  cut(): void {
    for (const socket of this.#open) {
      socket.terminate();
    }
  }

  async stop(): Promise<void> {
    this.cut();
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) {
      text += String(chunk);
    }
    const call = JSON.parse(text) as RpcCall & { readonly id: number };
    this.calls.push(call);
    const fault = this.before(call);
    if (fault === "silence") {
      return;
    }
    const answer = (body: object): void => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, ...body }));
    };
    if (fault === undefined) {
      const real = await patientFetch(this.#target.rpcUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: text,
      });
      const body = (await real.json()) as { readonly result?: unknown; readonly error?: unknown };
      answer("error" in body ? { error: body.error } : { result: this.after(call, body.result) });
    } else if ("status" in fault) {
      response.writeHead(fault.status, fault.headers);
      response.end(fault.body ?? "");
    } else {
      answer(fault);
    }
  }

  #relay(socket: WebSocket): void {
    const node = new WebSocket(this.#target.wsUrl);
    this.#open.add(socket);
    const end = (): void => {
      this.#open.delete(socket);
      socket.terminate();
      node.terminate();
    };
    const opened = once(node, "open");
    socket.on("message", (data) => void opened.then(() => node.send(data.toString())).catch(end));
    node.on("message", (data) => {
      if (this.tells || !data.toString().includes("eth_subscription")) {
        socket.send(data.toString());
      }
    });
    socket.on("close", end);
    node.on("close", end);
    socket.on("error", end);
    node.on("error", end);
  }
}
