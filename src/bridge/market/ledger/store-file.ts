// The store on disk: one file to which steps are appended. A frame is its length and CRC-32 (each 4 bytes, little endian) and a value in
// V8's serialization. The first frame says of which deployment the file is, then come what was there before the first step, and the steps. A
// file that ends in the middle of a frame, or has a wrong check sum, is good up to there: every prefix is the market at some block.
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { errorCode, isRecord } from "../../sidecar/api-error";
import type { MarketNetwork } from "../network";
import type { Tip } from "../store";
import { lockFile } from "./file-lock";
import type { MemoryStore, Step } from "./memory-store";
import type { Change } from "./tables";

/** Raised when records change their shape: files of another version are made anew from the chain. */
const VERSION = 1;
const HEAD = 8;
/** Records in a frame of the base. */
const CHUNK = 500;
/** The file is written anew when it has grown by this much since the last time, and has doubled. In bytes. */
const LEAST_GROWTH = 4_000_000;

type Frame =
  | { readonly kind: "header"; readonly version: number; readonly deployment: string }
  | { readonly kind: "base"; readonly changes: readonly Change[]; readonly floor: Tip | undefined }
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "undo"; readonly block: bigint };

export class StoreFile {
  readonly #path: string;
  readonly #deployment: string;
  readonly #store: MemoryStore;
  readonly #log: (message: string) => void;
  #unlock: (() => Promise<void>) | undefined;
  #handle: FileHandle | undefined;
  /** A block without events; it is written with the next one that has some, unless a newer one takes its place. */
  #quiet: Step | undefined;
  #writing: Promise<void> = Promise.resolve();
  #size = 0;
  #sizeWhenNew = 0;

  /**
   * @param path of the file
   * @param log told of what goes wrong; the market works without its file
   */
  constructor(path: string, network: MarketNetwork, store: MemoryStore, log: (message: string) => void) {
    this.#path = path;
    this.#deployment = deploymentOf(network);
    this.#store = store;
    this.#log = log;
  }

  /** Reads the file into the store, which must be empty, and keeps it for writing. */
  async open(): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      this.#unlock = await lockFile(this.#path);
      const good = await this.#read();
      if (this.#unlock === undefined) {
        this.#log("Another window keeps the market's file; this one only reads it.");
        return;
      }
      if (good === 0) {
        await this.#rewrite();
      } else {
        this.#handle = await open(this.#path, "r+");
        await this.#handle.truncate(good);
        this.#size = good;
        this.#sizeWhenNew = good;
      }
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Writes a step that the store has taken over. Returns at once. */
  append(step: Step): void {
    if (step.changes.length === 0) {
      this.#quiet = step;
      return;
    }
    this.#quiet = undefined;
    this.#queue(() => this.#write([{ kind: "step", step }]));
    this.#queue(async () => {
      if (this.#size > 2 * this.#sizeWhenNew && this.#size > this.#sizeWhenNew + LEAST_GROWTH) {
        await this.#rewrite();
      }
    });
  }

  /** Writes that blocks were taken back. */
  undo(block: bigint): void {
    if (this.#quiet !== undefined && this.#quiet.tip.number > block) {
      this.#quiet = undefined;
    }
    this.#queue(() => this.#write([{ kind: "undo", block }]));
  }

  /** Begins a new file with what is in the store. */
  renew(): void {
    this.#quiet = undefined;
    this.#queue(() => this.#rewrite());
  }

  /** Writes what is pending. */
  async close(): Promise<void> {
    const quiet = this.#quiet;
    if (quiet !== undefined) {
      this.#quiet = undefined;
      this.#queue(() => this.#write([{ kind: "step", step: quiet }]));
    }
    await this.#writing;
    await this.#handle?.close();
    this.#handle = undefined;
    await this.#unlock?.();
    this.#unlock = undefined;
  }

  #queue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(async () => {
      if (this.#handle !== undefined) {
        await work().catch((error: unknown) => this.#giveUp(error));
      }
    });
  }

  async #write(frames: readonly Frame[]): Promise<void> {
    const bytes = Buffer.concat(frames.map(encode));
    await this.#handle?.write(bytes, 0, bytes.length, this.#size);
    this.#size += bytes.length;
  }

  /** Writes all to a new file that then takes the old one's place. */
  async #rewrite(): Promise<void> {
    const temporary = `${this.#path}.new`;
    const { floor, changes, steps } = this.#store.base();
    await rm(temporary, { force: true });
    await this.#handle?.close();
    this.#handle = await open(temporary, "wx", 0o600);
    this.#size = 0;
    await this.#write([{ kind: "header", version: VERSION, deployment: this.#deployment }]);
    for (let i = 0; i < changes.length; i += CHUNK) {
      await this.#write([{ kind: "base", changes: changes.slice(i, i + CHUNK), floor: undefined }]);
    }
    await this.#write([{ kind: "base", changes: [], floor }, ...steps.map((step): Frame => ({ kind: "step", step }))]);
    await this.#handle.datasync();
    await rename(temporary, this.#path);
    this.#sizeWhenNew = this.#size;
  }

  /** @returns bytes of the file that are good; 0 when it has to be made anew */
  async #read(): Promise<number> {
    const file = await readFile(this.#path).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") {
        return Buffer.alloc(0);
      }
      throw error;
    });
    let good = 0;
    let rested = Date.now();
    for (const { frame, end } of framesOf(file)) {
      if (good === 0 && !this.#isOurs(frame)) {
        this.#log("The market's file belongs to another deployment or version; it is made anew from the chain.");
        return 0;
      }
      this.#take(frame);
      good = end;
      if (Date.now() - rested > 20) {
        await setImmediate();
        rested = Date.now();
      }
    }
    if (good < file.length) {
      this.#log(
        `The market's file is damaged at byte ${good} of ${file.length}; what is missing is read from the chain.`,
      );
    }
    // A base without its last frame has no block to go on from.
    if (good > 0 && this.#store.tip === undefined && this.#store.tables.jobs.size + this.#store.tables.nodes.size > 0) {
      this.#store.reset();
      return 0;
    }
    return good;
  }

  #isOurs(frame: Frame): boolean {
    return frame.kind === "header" && frame.version === VERSION && frame.deployment === this.#deployment;
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case "header":
        break;
      case "base":
        this.#store.restoreBase(frame.changes, frame.floor);
        break;
      case "step":
        this.#store.restore(frame.step);
        break;
      case "undo":
        this.#store.restoreTo(frame.block);
        break;
    }
  }

  #giveUp(error: unknown): void {
    this.#log(
      `The market's file ${this.#path} is not kept any more: ${error instanceof Error ? error.message : error}`,
    );
    const handle = this.#handle;
    this.#handle = undefined;
    handle?.close().catch(() => {});
  }
}

function deploymentOf({ chainId, addresses, deploymentBlock }: MarketNetwork): string {
  return [chainId, deploymentBlock, ...Object.values(addresses)].join(" ");
}

function encode(frame: Frame): Buffer {
  const payload = serialize(frame);
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(payload.length, 0);
  head.writeUInt32LE(crc32(payload), 4);
  return Buffer.concat([head, payload]);
}

/** The frames of a file, up to the first one that is not whole. */
function* framesOf(file: Buffer): Iterable<{ readonly frame: Frame; readonly end: number }> {
  for (let at = 0; at + HEAD <= file.length; ) {
    const end = at + HEAD + file.readUInt32LE(at);
    const payload = file.subarray(at + HEAD, end);
    if (end > file.length || crc32(payload) !== file.readUInt32LE(at + 4)) {
      return;
    }
    let frame: unknown;
    try {
      frame = deserialize(payload);
    } catch {
      return;
    }
    if (!isRecord(frame) || typeof frame["kind"] !== "string") {
      return;
    }
    // The check sum says that this code wrote it.
    yield { frame: frame as Frame, end };
    at = end;
  }
}
