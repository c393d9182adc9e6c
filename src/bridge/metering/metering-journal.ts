// A job's metering log on disk: one line an entry, each with the hash of all before it, written through before anybody signs for it.
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import * as v from "valibot";
import { type Hex, isHex } from "viem";
import type { MeteringEntry } from "../market/types";
import { chainHash, meteringLeaf, meteringTree } from "./metering-log";

/** The log is not what was written; it must not be signed for. The message is for the user. */
export class BrokenJournal extends Error {
  override readonly name = "BrokenJournal";
}

const counter = v.pipe(
  v.string(),
  v.regex(/^\d{1,40}$/),
  v.transform((text: string) => BigInt(text)),
);
const whole = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
const hash = v.custom<Hex>((value) => isHex(value) && value.length === 66, "Expected 32 bytes in hexadecimal");
const line = v.object({
  entry: v.object({
    jobId: counter,
    index: whole,
    usedSeconds: whole,
    cpuNanoseconds: counter,
    memoryByteSeconds: counter,
    networkBytes: counter,
    blockBytes: counter,
    gpuMilliseconds: counter,
  }),
  chain: hash,
  note: v.optional(v.unknown()),
});

export interface JournalLine {
  readonly entry: MeteringEntry;
  /** Hash of the log up to and with this entry. */
  readonly chain: Hex;
  /** What the writer needs to go on from here; no part of the log that is checked. */
  readonly note?: unknown;
}

/**
 * Reads a log and checks it: numbers without a gap, one job, counters that never fall, and the chain of hashes. A last line without its end
 * was being written when the power went, and nothing was signed for it: it is left out.
 *
 * @throws {BrokenJournal} naming the first line that is wrong
 */
export function readJournal(text: string, jobId: bigint): JournalLine[] {
  const lines = text.split("\n").slice(0, -1);
  const read: JournalLine[] = [];
  let chain: Hex | undefined;
  for (const [at, each] of lines.entries()) {
    const wrong = (why: string): BrokenJournal =>
      new BrokenJournal(`Line ${at + 1} of the metering log of job ${jobId} ${why}.`);
    const parsed = v.safeParse(line, parseJson(each));
    if (!parsed.success) {
      throw wrong("is no entry");
    }
    const { entry, note } = parsed.output;
    if (entry.jobId !== jobId || entry.index !== at) {
      throw wrong(`is entry ${entry.index} of job ${entry.jobId}, not entry ${at}`);
    }
    const before = read.at(-1)?.entry;
    if (before !== undefined && COUNTERS.some((name) => entry[name] < before[name])) {
      throw wrong("counts less than the one before it");
    }
    chain = chainHash([meteringLeaf(entry)], chain);
    if (chain !== parsed.output.chain) {
      throw wrong("does not follow from the lines before it: something was changed");
    }
    read.push({ entry, chain, ...(note !== undefined && { note }) });
  }
  return read;
}

const COUNTERS = [
  "usedSeconds",
  "cpuNanoseconds",
  "memoryByteSeconds",
  "networkBytes",
  "blockBytes",
  "gpuMilliseconds",
] as const;

/** The log of one job, open for writing. Only one process may have it. */
export class MeteringJournal {
  readonly #file: FileHandle;
  readonly #lines: JournalLine[];
  #size: number;

  private constructor(file: FileHandle, lines: JournalLine[], size: number) {
    this.#file = file;
    this.#lines = lines;
    this.#size = size;
  }

  /** @throws {BrokenJournal} */
  static async open(path: string, jobId: bigint): Promise<MeteringJournal> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, "a+", 0o600);
    try {
      const text = await file.readFile("utf8");
      const lines = readJournal(text, jobId);
      const whole = Buffer.byteLength(text.slice(0, text.lastIndexOf("\n") + 1));
      await file.truncate(whole);
      return new MeteringJournal(file, lines, whole);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get lines(): readonly JournalLine[] {
    return this.#lines;
  }

  get last(): JournalLine | undefined {
    return this.#lines.at(-1);
  }

  /** Merkle root, and proof of the last entry. @throws {RangeError} for an empty log */
  proofOfLast(): { readonly root: Hex; readonly proof: Hex[] } {
    const leaves = this.#lines.map(({ entry }) => meteringLeaf(entry));
    const tree = meteringTree(leaves);
    return { root: tree.root, proof: tree.proof(leaves.at(-1) ?? tree.root) };
  }

  /** The log as it is published: without the writer's notes. */
  text(): string {
    return this.#lines.map(({ entry, chain }) => written({ entry, chain })).join("");
  }

  /** Appends an entry; resolves when it is on disk. */
  async append(entry: MeteringEntry, note?: unknown): Promise<void> {
    const chain = chainHash([meteringLeaf(entry)], this.last?.chain);
    const row: JournalLine = { entry, chain, ...(note !== undefined && { note }) };
    const bytes = Buffer.from(written(row));
    try {
      await this.#file.appendFile(bytes);
      await this.#file.datasync();
    } catch (error) {
      // Half a line, as of a full disk, must not stand before the next one.
      await this.#file.truncate(this.#size);
      throw error;
    }
    this.#size += bytes.length;
    this.#lines.push(row);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function written(row: JournalLine): string {
  return `${JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))}\n`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
