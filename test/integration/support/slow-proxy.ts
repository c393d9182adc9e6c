// A registry behind a slow line.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** So many bytes … */
const DROP_BYTES = 4096;
/** … in so many milliseconds. */
const DROP_MS = 20;

/** Passes TCP connections on; what comes back comes in drops. */
export class SlowProxy {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #hurries = false;

  private constructor(target: string) {
    const [host = "", port = ""] = target.split(":");
    this.#server = createServer((client) => {
      const upstream = connect(Number(port), host);
      this.#clients.add(client);
      client.once("close", () => {
        this.#clients.delete(client);
        upstream.destroy();
      });
      client.on("error", () => upstream.destroy());
      upstream.on("error", () => client.destroy());
      client.pipe(upstream);
      void this.#trickle(upstream, client);
    });
  }

  /** @param target `host:port` to pass connections on to */
  static async start(target: string): Promise<SlowProxy> {
    const proxy = new SlowProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Number of connections that clients hold open. */
  get open(): number {
    return this.#clients.size;
  }

  /** From now on as fast as it comes. */
  hurry(): void {
    this.#hurries = true;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) {
      client.destroy();
    }
    this.#server.close();
    await once(this.#server, "close");
  }

  async #trickle(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length; at += DROP_BYTES) {
          if (!this.#hurries) {
            await new Promise((resolve) => setTimeout(resolve, DROP_MS));
          }
          if (to.destroyed) {
            return;
          }
          if (!to.write(chunk.subarray(at, at + DROP_BYTES))) {
            await Promise.race([once(to, "drain"), once(to, "close")]);
          }
        }
      }
      to.end();
    } catch {
      to.destroy();
    }
  }
}
