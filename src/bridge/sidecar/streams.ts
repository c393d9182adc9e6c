import { ApiError, isRecord } from "./api-error";

/** Longest line that is accepted, in bytes. A status line of a deployment with ten thousand replicas stays below it. */
export const LINE_MAX = 8 * 1024 * 1024;

/**
 * Splits bytes into lines, and hands on all lines of a chunk together: one turn of the event loop for many lines.
 * Memory is bounded by one chunk and one line; the source is not read while the caller is busy.
 *
 * @throws ApiError with code `line-too-long`
 */
export async function* lineBatches(source: AsyncIterable<Uint8Array>, max = LINE_MAX): AsyncGenerator<string[]> {
  let rest: Buffer[] = [];
  let restSize = 0;
  for await (const part of source) {
    const chunk = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const end = chunk.lastIndexOf(0x0a);
    if (end === -1) {
      rest.push(chunk);
      restSize += chunk.byteLength;
      if (restSize > max) {
        throw tooLong(max);
      }
      continue;
    }
    const whole = Buffer.concat([...rest, chunk.subarray(0, end)]);
    rest = end + 1 < chunk.byteLength ? [Buffer.from(chunk.subarray(end + 1))] : [];
    restSize = chunk.byteLength - end - 1;
    const lines = whole.toString("utf8").split("\n");
    if (lines.some((line) => line.length > max)) {
      throw tooLong(max);
    }
    yield lines.map(withoutCarriageReturn);
  }
  if (restSize > 0) {
    yield [withoutCarriageReturn(Buffer.concat(rest).toString("utf8"))];
  }
}

/**
 * Values of an NDJSON stream, those of one chunk together. A line `{"error": "…"}` is how an engine reports a failure
 * after the head is sent.
 *
 * @param what names the stream in errors: "the log of c1"
 * @throws ApiError for such a line, and for a line that is not JSON
 */
export async function* ndjsonBatches<T>(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<T[]> {
  for await (const lines of lineBatches(source)) {
    const values: T[] = [];
    for (const line of lines) {
      if (line !== "") {
        values.push(parseLine<T>(line, what));
      }
    }
    if (values.length > 0) {
      yield values;
    }
  }
}

/** The same, one value at a time. */
export async function* ndjson<T>(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<T> {
  for await (const values of ndjsonBatches<T>(source, what)) {
    yield* values;
  }
}

export interface ServerSentEvent {
  /** `message` when the sender gave no name. */
  readonly event: string;
  readonly data: string;
}

/** Events of a `text/event-stream`, those of one chunk together. */
export async function* sseBatches(source: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent[]> {
  let event = "message";
  let data: string[] = [];
  for await (const lines of lineBatches(source)) {
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) {
          events.push({ event, data: data.join("\n") });
        }
        event = "message";
        data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") {
        data.push(value);
      } else if (field === "event") {
        event = value;
      }
    }
    if (events.length > 0) {
      yield events;
    }
  }
}

function parseLine<T>(line: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ApiError(`The engine sent a line that is not JSON in ${what}: ${line.slice(0, 120)}`, 0, "bad-stream");
  }
  if (isRecord(value) && typeof value["error"] === "string" && value["type"] === undefined) {
    throw new ApiError(
      value["error"],
      0,
      typeof value["code"] === "string" ? value["code"] : "stream-failed",
      typeof value["remedy"] === "string" ? value["remedy"] : undefined,
    );
  }
  return value as T;
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

function tooLong(max: number): ApiError {
  return new ApiError(`The engine sent a line of more than ${max} bytes.`, 0, "line-too-long");
}
