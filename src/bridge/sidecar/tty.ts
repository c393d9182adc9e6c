import { WebSocket } from "ws";
import { type ApiError, EngineUnreachable, isRecord, readError } from "./api-error";
import type { Endpoint } from "./endpoint";
import { connectionOptions, readAll } from "./transport";
import type { TtyControl } from "./types";

export interface TtyOptions {
  /** Size in character cells; 80 by 24 when absent. */
  readonly cols?: number;
  readonly rows?: number;
  /** Command and arguments; the container's best shell when absent. */
  readonly command?: readonly string[];
  /** User inside the container; its own when absent. */
  readonly user?: string;
}

/** What comes from a session. The first output may come before `open` has resolved. */
export interface TtyEvents {
  /** Called with output as it comes. */
  onData(bytes: Uint8Array): void;
  /** Called once, with the exit status of the command. */
  onExit(code: number): void;
  /** Called once, instead of `onExit`, when the session ended without one after `open` had resolved. */
  onLost(error: Error): void;
}

/** Largest message that is accepted, in bytes. */
const MESSAGE_MAX = 4 * 1024 * 1024;

/** A terminal cannot say that it is full, so output is let through at a rate that it can draw: this many bytes … */
const BURST_BYTES = 256 * 1024;
/** … in this many milliseconds. The rest waits in the container. */
const BURST_MS = 25;

/** A terminal session in a container. It ends with `exit`, or with `lost` when the connection broke first. */
export class Tty {
  readonly #socket: WebSocket;
  readonly #events: TtyEvents;
  #lost: (error: Error) => void;
  #ended = false;
  #burst = 0;

  private constructor(socket: WebSocket, endpoint: Endpoint, events: TtyEvents, refused: (error: Error) => void) {
    this.#socket = socket;
    this.#events = events;
    this.#lost = refused;
    socket.once("open", () => {
      this.#lost = (error) => events.onLost(error);
    });
    socket.on("message", (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary));
    socket.on("error", (error) => this.#lose(new EngineUnreachable(endpoint, error)));
    socket.on("close", () => this.#lose(new EngineUnreachable(endpoint, new Error("the connection was closed"))));
  }

  /**
   * @throws ApiError when the engine refuses (no such container, not running, no shell in it)
   * @throws EngineUnreachable
   */
  static open(endpoint: Endpoint, containerId: string, events: TtyEvents, options: TtyOptions = {}): Promise<Tty> {
    const query = new URLSearchParams({ cols: String(options.cols ?? 80), rows: String(options.rows ?? 24) });
    for (const word of options.command ?? []) {
      query.append("command", word);
    }
    if (options.user !== undefined) {
      query.set("user", options.user);
    }
    const { path, headers, protocol } = connectionOptions(
      endpoint,
      `/sidecar/v1/containers/${encodeURIComponent(containerId)}/tty?${query}`,
    );
    const address =
      endpoint.kind === "unix"
        ? `ws+unix:${endpoint.path}:${path}`
        : `${protocol === "https:" ? "wss" : "ws"}://${endpoint.url.host}${path}`;
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(address, {
        headers: headers as Record<string, string>,
        handshakeTimeout: 10_000,
        perMessageDeflate: false,
        maxPayload: MESSAGE_MAX,
      });
      const tty = new Tty(socket, endpoint, events, reject);
      socket.once("unexpected-response", (_request, answer) => {
        readAll(answer)
          .then((body) => reject(refusal(answer.statusCode ?? 0, body.toString("utf8"))))
          .catch(reject);
      });
      socket.once("open", () => resolve(tty));
    });
  }

  /** Sends what was typed. */
  write(data: string): void {
    if (!this.#ended) {
      this.#socket.send(Buffer.from(data, "utf8"), { binary: true });
    }
  }

  /** @param cols width and @param rows height, in character cells */
  resize(cols: number, rows: number): void {
    if (!this.#ended) {
      const control: TtyControl = { type: "resize", cols, rows };
      this.#socket.send(JSON.stringify(control));
    }
  }

  /** Ends the session. No further callback comes. */
  close(): void {
    this.#ended = true;
    this.#socket.close();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#ended) {
      return;
    }
    if (isBinary) {
      this.#events.onData(data);
      this.#pace(data.length);
      return;
    }
    const control = readControl(data.toString("utf8"));
    if (control?.type === "exit") {
      this.#ended = true;
      this.#events.onExit(control.code);
    } else if (control?.type === "error") {
      this.#lose(readError(0, control.error));
    }
  }

  #pace(bytes: number): void {
    if (this.#burst === 0) {
      setTimeout(() => {
        this.#burst = 0;
        if (this.#socket.isPaused) {
          this.#socket.resume();
        }
      }, BURST_MS);
    }
    this.#burst += bytes;
    if (this.#burst >= BURST_BYTES && !this.#socket.isPaused) {
      this.#socket.pause();
    }
  }

  #lose(error: Error): void {
    if (!this.#ended) {
      this.#ended = true;
      this.#socket.terminate();
      this.#lost(error);
    }
  }
}

function readControl(text: string): TtyControl | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? (value as unknown as TtyControl) : undefined;
  } catch {
    return undefined;
  }
}

function refusal(status: number, body: string): ApiError {
  try {
    return readError(status, JSON.parse(body));
  } catch {
    return readError(status, body);
  }
}
