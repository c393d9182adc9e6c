import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type LogLine, parseLogRecord } from "./log-line";
import { type LogQuery, type LogSource, type Replica, replicaName } from "./log-source";

export interface SaveLogsRequest {
  readonly replicas: readonly Replica[];
  readonly query: Pick<LogQuery, "sinceMs" | "streams">;
  /** Put the time stamp before each line. */
  readonly timestamps: boolean;
  /** File to write; replaced when it exists, and only once everything has been written. */
  readonly path: string;
}

export interface SaveLogsProgress {
  readonly lines: number;
  readonly bytes: number;
}

const BLOCK_CHARS = 64 * 1024;

/**
 * Writes all lines that the engine has of the given containers to a file, merged by time. Nothing is held in memory but a
 * block of each container.
 *
 * @returns What was written. Rejects when a log cannot be read or the file cannot be written, or with an `AbortError` when
 *   `signal` fires; no file is left behind then.
 */
export async function saveLogs(
  source: LogSource,
  request: SaveLogsRequest,
  signal: AbortSignal,
  onProgress: (progress: SaveLogsProgress) => void,
): Promise<SaveLogsProgress> {
  const partial = `${request.path}.part`;
  const progress = { lines: 0, bytes: 0 };
  // A stream that ends early leaves its siblings open; this closes them all.
  const finished = new AbortController();
  const readSignal = AbortSignal.any([signal, finished.signal]);
  try {
    const streams = await Promise.all(
      request.replicas.map(async (replica) => ({
        name: replicaName(replica),
        lines: readLines(await source.openLog(replica.id, { ...request.query, follow: false }, readSignal)),
      })),
    );
    const named = streams.length > 1;
    const format = ({ name, line }: NamedLine): string =>
      `${request.timestamps && line.timestamp !== "" ? `${line.timestamp} ` : ""}${named ? `${name} ` : ""}${line.text}\n`;
    const blocks = async function* (): AsyncGenerator<Buffer> {
      let block = "";
      for await (const named of mergeByTime(streams)) {
        block += format(named);
        progress.lines += 1;
        if (block.length >= BLOCK_CHARS) {
          const bytes = Buffer.from(block, "utf8");
          progress.bytes += bytes.length;
          onProgress({ ...progress });
          yield bytes;
          block = "";
        }
      }
      const bytes = Buffer.from(block, "utf8");
      progress.bytes += bytes.length;
      yield bytes;
    };
    await pipeline(Readable.from(blocks(), { objectMode: false }), createWriteStream(partial), { signal });
    await rename(partial, request.path);
    return progress;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    finished.abort();
  }
}

interface NamedLine {
  readonly name: string;
  readonly line: LogLine;
}

/** Merges streams that are each in order of time. Lines of the same time keep the order of the streams. */
async function* mergeByTime(
  streams: readonly { readonly name: string; readonly lines: AsyncGenerator<LogLine> }[],
): AsyncGenerator<NamedLine> {
  const heads: { name: string; lines: AsyncGenerator<LogLine>; line: LogLine }[] = [];
  for (const { name, lines } of streams) {
    const next = await lines.next();
    if (!next.done) {
      heads.push({ name, lines, line: next.value });
    }
  }
  for (;;) {
    let earliest = heads[0];
    if (earliest === undefined) {
      return;
    }
    for (const head of heads) {
      if (head.line.timeMs < earliest.line.timeMs) {
        earliest = head;
      }
    }
    yield { name: earliest.name, line: earliest.line };
    const next = await earliest.lines.next();
    if (next.done) {
      heads.splice(heads.indexOf(earliest), 1);
    } else {
      earliest.line = next.value;
    }
  }
}

async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const decoder = new TextDecoder();
  let open = "";
  for await (const chunk of stream) {
    const parts = (open + decoder.decode(chunk, { stream: true })).split("\n");
    open = parts.pop() ?? "";
    for (const part of parts) {
      yield* linesOf(part);
    }
  }
  yield* linesOf(open);
}

function* linesOf(json: string): Generator<LogLine> {
  if (json === "") {
    return;
  }
  const record = parseLogRecord(json);
  if (record.kind === "error") {
    throw new Error(record.message);
  }
  if (record.kind === "lines") {
    yield* record.lines;
  }
}
