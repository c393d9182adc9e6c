import { type ChildProcess, spawn } from "node:child_process";
import { type FSWatcher, watch } from "node:fs";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { abortError, Backoff, delay } from "../wait";
import { ApiError, EngineUnreachable } from "./api-error";
import { ZLayerClient } from "./client";
import { unixEndpoint } from "./endpoint";
import type { Places } from "./places";

/** Exit code by which a sidecar says that another one holds the data directory. */
const ALREADY_RUNNING = 3;

/** A sidecar that has not become ready after this many milliseconds is reported. */
const READY_TIMEOUT_MS = 60_000;

/** The log file is put aside at the next start when it is larger, in bytes. */
const LOG_MAX = 8 * 1024 * 1024;

/** The sidecar ended, or did not become ready. The message holds the last lines that it wrote. */
export class SidecarStartFailed extends Error {
  override readonly name = "SidecarStartFailed";
}

export interface SupervisorOptions {
  readonly places: Places;
  /** Finds a binary that fits; called for each start, so that a repaired installation is seen. */
  readonly binary: () => Promise<string>;
  /** Told what is done, one line at a time. */
  readonly log: (line: string) => void;
}

/**
 * Starts the one sidecar that all windows of a user share. It is detached: closing a window ends neither it nor what it
 * runs. When several windows start one at once, one of them wins the lock of the data directory, and all connect to it.
 */
export class SidecarSupervisor {
  readonly client: ZLayerClient;
  readonly #options: SupervisorOptions;

  /** @throws InvalidEndpoint when the socket's path is not usable */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.client = new ZLayerClient(unixEndpoint(options.places.socket));
  }

  /** What the sidecar prints. */
  get logFile(): string {
    return join(this.#options.places.dataDir, "sidecar.log");
  }

  /** Whether a sidecar answers now and is ready. @throws EngineUnreachable when it is there but may not be used */
  async isReady(signal?: AbortSignal): Promise<boolean> {
    try {
      await this.client.ready({ signal });
      return true;
    } catch (error) {
      if (error instanceof EngineUnreachable && /EACCES|EPERM/.test(String(codeOf(error.cause)))) {
        throw error;
      }
      if (error instanceof EngineUnreachable || (error instanceof ApiError && error.status === 503)) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Resolves once a sidecar is ready, starting one when none answers.
   *
   * @throws BinaryProblem, SidecarStartFailed, EngineUnreachable; an `AbortError` when aborted (what was started goes on)
   */
  async ensure(signal?: AbortSignal): Promise<void> {
    if (await this.isReady(signal)) {
      return;
    }
    const deadline = Date.now() + READY_TIMEOUT_MS;
    for (;;) {
      const outcome = await this.#start(deadline, signal);
      if (outcome === "ready") {
        return;
      }
      // The winner of the lock is gone before it became ready, or an old one is about to end: try again.
      if (Date.now() > deadline) {
        throw new SidecarStartFailed(
          `Another sidecar holds ${this.#options.places.dataDir}, but does not answer at ${this.#options.places.socket}.`,
        );
      }
    }
  }

  /** Ends the running sidecar and starts the one that belongs to this extension. Containers go on. */
  async replace(signal?: AbortSignal): Promise<void> {
    const gone = this.#whenGone(signal);
    try {
      await this.client.shutdown({ signal });
    } catch (error) {
      if (!(error instanceof EngineUnreachable)) {
        throw error;
      }
    }
    await gone;
    await this.ensure(signal);
  }

  async #start(deadline: number, signal?: AbortSignal): Promise<"ready" | "lock-taken"> {
    const { places, log } = this.#options;
    const binary = await this.#options.binary();
    await mkdir(places.dataDir, { recursive: true, mode: 0o700 });
    await mkdir(dirname(places.socket), { recursive: true, mode: 0o700 });
    await this.#putLogAside();
    const output = await open(this.logFile, "a", 0o600);
    let child: ChildProcess;
    try {
      const args = ["serve", "--data-dir", places.dataDir, "--socket", places.socket];
      if (places.rootless) {
        args.push("--rootless");
      }
      log(`Starting ${binary} ${args.join(" ")}`);
      child = spawn(binary, args, {
        detached: true,
        stdio: ["ignore", output.fd, output.fd],
        cwd: "/",
      });
    } finally {
      await output.close();
    }
    child.unref();
    const ended = new Promise<Ended>((resolve) => {
      child.once("error", (error) => resolve({ error }));
      child.once("exit", (code, by) => resolve({ code, signal: by }));
    });
    const abort = new AbortController();
    try {
      const ready = this.#whenReady(deadline, anySignal(abort.signal, signal));
      const first = await Promise.race([ready.then(() => "ready" as const), ended]);
      if (first === "ready") {
        log(`The sidecar is ready at ${places.socket}.`);
        return "ready";
      }
      if (first.code === ALREADY_RUNNING) {
        log("Another window was faster; connecting to its sidecar.");
        abort.abort();
        await ready.catch(() => undefined);
        return (await this.#becomesReady(Math.min(deadline, Date.now() + 10_000), signal)) ? "ready" : "lock-taken";
      }
      throw new SidecarStartFailed(`The sidecar ${howEnded(first)}.${await this.#lastWords()}`);
    } finally {
      abort.abort();
    }
  }

  async #becomesReady(deadline: number, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#whenReady(deadline, signal);
      return true;
    } catch (error) {
      if (error instanceof SidecarStartFailed) {
        return false;
      }
      throw error;
    }
  }

  /** Asks again whenever something happens in the socket's directory, and with growing pauses while it starts up. */
  async #whenReady(deadline: number, signal?: AbortSignal): Promise<void> {
    const changes = new Changes(dirname(this.#options.places.socket));
    const backoff = new Backoff(20, 1000);
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (await this.isReady(signal)) {
          return;
        }
        if (Date.now() > deadline) {
          throw new SidecarStartFailed(
            `The sidecar did not become ready within ${READY_TIMEOUT_MS / 1000} seconds.${await this.#lastWords()}`,
          );
        }
        await changes.nextWithin(backoff.next(), signal);
      }
    } finally {
      changes.close();
    }
  }

  async #whenGone(signal?: AbortSignal): Promise<void> {
    const changes = new Changes(dirname(this.#options.places.socket));
    const deadline = Date.now() + READY_TIMEOUT_MS;
    const backoff = new Backoff(20, 1000);
    try {
      while (await this.#answers(signal)) {
        if (Date.now() > deadline) {
          throw new SidecarStartFailed("The running sidecar does not end. End it by hand, then try again.");
        }
        await changes.nextWithin(backoff.next(), signal);
      }
    } finally {
      changes.close();
    }
  }

  async #answers(signal?: AbortSignal): Promise<boolean> {
    try {
      await this.client.ready({ signal });
      return true;
    } catch (error) {
      return !(error instanceof EngineUnreachable) && !signal?.aborted;
    }
  }

  async #putLogAside(): Promise<void> {
    const size = await stat(this.logFile).then(
      (found) => found.size,
      () => 0,
    );
    if (size > LOG_MAX) {
      await rename(this.logFile, `${this.logFile}.1`);
    }
  }

  async #lastWords(): Promise<string> {
    const text = await readFile(this.logFile, "utf8").catch(() => "");
    const lines = text.trimEnd().split("\n").slice(-5).join("\n");
    return lines === "" ? "" : ` It wrote:\n${lines}`;
  }
}

type Ended =
  | { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly error?: never }
  | { readonly error: Error; readonly code?: never; readonly signal?: never };

function howEnded(ended: Ended): string {
  if (ended.error !== undefined) {
    return `could not be started: ${ended.error.message}`;
  }
  return ended.signal === null ? `ended with exit code ${ended.code}` : `was ended by ${ended.signal}`;
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

function anySignal(one: AbortSignal, other?: AbortSignal): AbortSignal {
  return other === undefined ? one : AbortSignal.any([one, other]);
}

/** Changes of a directory; a change between two questions is not missed. */
class Changes {
  readonly #watcher: FSWatcher;
  #pending = false;
  #wake: () => void = () => {};

  constructor(directory: string) {
    this.#watcher = watch(directory, () => {
      this.#pending = true;
      this.#wake();
    });
    // The directory may be removed meanwhile; the pauses alone then lead on.
    this.#watcher.on("error", () => {});
  }

  /** Resolves with the next change, at the latest after `ms` milliseconds. @throws an `AbortError` */
  async nextWithin(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) {
      throw abortError(signal);
    }
    if (!this.#pending) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await delay(ms, anySignal(woken.signal, signal)).catch(() => undefined);
      this.#wake = () => {};
    }
    this.#pending = false;
    signal?.throwIfAborted();
  }

  close(): void {
    this.#watcher.close();
  }
}
