// A WalletConnect relay for tests, in memory: hands encrypted messages from topic to topic, as the public one does. It cannot read them.
import { randomUUID } from "node:crypto";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import { type WebSocket, WebSocketServer } from "ws";

const topic = v.string();
const request = v.looseObject({ id: v.union([v.number(), v.string()]), method: v.string(), params: v.unknown() });
const publication = v.looseObject({
  topic,
  message: v.string(),
  ttl: v.optional(v.number(), 300),
  tag: v.optional(v.number(), 0),
});
const proposal = v.looseObject({ pairingTopic: topic, sessionProposal: v.string() });
const approval = v.looseObject({
  pairingTopic: topic,
  sessionTopic: topic,
  sessionProposalResponse: v.string(),
  sessionSettlementRequest: v.string(),
});

interface Envelope {
  readonly topic: string;
  readonly message: string;
  readonly tag: number;
  readonly publishedAt: number;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
  /** Who sent it does not get it. */
  readonly from: WebSocket;
}

/** Keeps a connection alive: clients drop one on which nothing came for 35 seconds. */
const PING_MS = 10_000;

export class TestRelay {
  readonly #server: WebSocketServer;
  /** Subscription ids of each socket, by topic. */
  readonly #readers = new Map<string, Map<WebSocket, string>>();
  /** What nobody has read yet, by topic. */
  readonly #waiting = new Map<string, Envelope[]>();
  readonly #ping: NodeJS.Timeout;
  #pushes = 0;
  /** Methods that were called, for tests that want to know. */
  readonly methods = new Set<string>();

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket) => this.#serve(socket));
    this.#ping = setInterval(() => {
      for (const socket of server.clients) {
        socket.ping();
      }
    }, PING_MS);
  }

  /** @param port where it listened before, to be the same relay for its clients; else a free one */
  static async start(port = 0): Promise<TestRelay> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await new Promise<void>((resolve, reject) => {
      server.once("listening", resolve);
      server.once("error", reject);
    });
    return new TestRelay(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  /** Cuts all connections and no longer listens. */
  async stop(): Promise<void> {
    clearInterval(this.#ping);
    for (const socket of this.#server.clients) {
      socket.terminate();
    }
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: WebSocket): void {
    socket.on("message", (data: Buffer) => {
      const parsed = v.safeParse(request, JSON.parse(data.toString("utf8")));
      if (!parsed.success) {
        // The answer to something that was pushed.
        return;
      }
      const { id, method, params } = parsed.output;
      this.methods.add(method);
      try {
        send(socket, { id, result: this.#call(socket, method, params) });
      } catch (error) {
        send(socket, { id, error: { code: -32000, message: String(error) } });
      }
    });
    socket.on("close", () => {
      for (const sockets of this.#readers.values()) {
        sockets.delete(socket);
      }
    });
  }

  #call(socket: WebSocket, method: string, params: unknown): unknown {
    switch (method) {
      case "irn_subscribe":
        return this.#subscribe(socket, v.parse(v.looseObject({ topic }), params).topic);
      case "irn_batchSubscribe":
        return v
          .parse(v.looseObject({ topics: v.array(topic) }), params)
          .topics.map((name) => this.#subscribe(socket, name));
      case "irn_unsubscribe":
        this.#readers.get(v.parse(v.looseObject({ topic }), params).topic)?.delete(socket);
        return true;
      case "irn_batchUnsubscribe":
        for (const subscription of v.parse(v.looseObject({ subscriptions: v.array(v.looseObject({ topic })) }), params)
          .subscriptions) {
          this.#readers.get(subscription.topic)?.delete(socket);
        }
        return true;
      case "irn_publish":
        this.#publish(socket, v.parse(publication, params));
        return true;
      case "irn_batchFetchMessages":
        return {
          messages: v
            .parse(v.looseObject({ topics: v.array(topic) }), params)
            .topics.flatMap((name) => this.#take(name, socket)),
          hasMore: false,
        };
      case "wc_proposeSession": {
        const { pairingTopic, sessionProposal } = v.parse(proposal, params);
        this.#subscribe(socket, pairingTopic);
        this.#publish(socket, { topic: pairingTopic, message: sessionProposal, ttl: 300, tag: 1100 });
        return true;
      }
      case "wc_approveSession": {
        const { pairingTopic, sessionTopic, ...messages } = v.parse(approval, params);
        this.#subscribe(socket, sessionTopic);
        this.#publish(socket, { topic: pairingTopic, message: messages.sessionProposalResponse, ttl: 300, tag: 1101 });
        this.#publish(socket, { topic: sessionTopic, message: messages.sessionSettlementRequest, ttl: 300, tag: 1102 });
        return true;
      }
      default:
        throw new Error(`The relay has no method ${method}.`);
    }
  }

  #subscribe(socket: WebSocket, name: string): string {
    const sockets = this.#readers.get(name) ?? new Map<WebSocket, string>();
    this.#readers.set(name, sockets);
    const id = sockets.get(socket) ?? randomUUID().replaceAll("-", "");
    sockets.set(socket, id);
    // After the answer, which tells the client its subscription.
    setImmediate(() => {
      if (sockets.has(socket)) {
        for (const envelope of this.#take(name, socket)) {
          this.#push(socket, id, envelope);
        }
      }
    });
    return id;
  }

  #publish(from: WebSocket, { topic: name, message, ttl, tag }: v.InferOutput<typeof publication>): void {
    const now = Date.now();
    const envelope: Envelope = { topic: name, message, tag, publishedAt: now, expiresAt: now + ttl * 1_000, from };
    const readers = [...(this.#readers.get(name) ?? [])].filter(([socket]) => socket !== from);
    if (readers.length === 0) {
      this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), envelope]);
    }
    for (const [socket, id] of readers) {
      this.#push(socket, id, envelope);
    }
  }

  #take(name: string, reader: WebSocket): { topic: string; message: string; tag: number; publishedAt: number }[] {
    const all = (this.#waiting.get(name) ?? []).filter(({ expiresAt }) => expiresAt > Date.now());
    this.#waiting.set(
      name,
      all.filter(({ from }) => from === reader),
    );
    return all.filter(({ from }) => from !== reader).map(({ from: _from, expiresAt: _expiresAt, ...data }) => data);
  }

  #push(socket: WebSocket, subscription: string, message: Omit<Envelope, "from" | "expiresAt">): void {
    const { topic: name, message: text, tag, publishedAt } = message;
    const data = { topic: name, message: text, tag, publishedAt };
    this.#pushes += 1;
    send(socket, {
      id: Date.now() * 1_000 + (this.#pushes % 1_000),
      method: "irn_subscription",
      params: { id: subscription, data },
    });
  }
}

function send(socket: WebSocket, message: Readonly<Record<string, unknown>>): void {
  if (socket.readyState === socket.OPEN) {
    socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}
