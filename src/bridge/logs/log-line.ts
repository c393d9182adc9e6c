/** One line of a container's output. */
export interface LogLine {
  readonly stderr: boolean;
  /** Milliseconds since the Unix epoch; 0 when the engine gave none. */
  readonly timeMs: number;
  /** As the engine wrote it, with its full precision; empty when it gave none. */
  readonly timestamp: string;
  /** Without the line end; may hold escape sequences and anything else a container prints. */
  readonly text: string;
}

/** What one NDJSON line of a log stream says. */
export type LogRecord =
  | { readonly kind: "lines"; readonly lines: readonly LogLine[] }
  /** The engine gave up on this stream; `message` is its reason. */
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "malformed" };

const MALFORMED: LogRecord = { kind: "malformed" };

/** Reads one NDJSON line of a log stream. Never throws: what cannot be read is `malformed`. */
export function parseLogRecord(json: string): LogRecord {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return MALFORMED;
  }
  if (typeof value !== "object" || value === null) {
    return MALFORMED;
  }
  const { stream, timestamp, data, data_b64, error } = value as Record<string, unknown>;
  if (typeof error === "string") {
    return { kind: "error", message: error };
  }
  let text: string;
  if (typeof data === "string") {
    text = data;
  } else if (typeof data_b64 === "string") {
    text = Buffer.from(data_b64, "base64").toString("utf8");
  } else {
    return MALFORMED;
  }
  const stamp = typeof timestamp === "string" ? timestamp : "";
  const parsed = stamp === "" ? 0 : Date.parse(stamp);
  const timeMs = Number.isFinite(parsed) && parsed > 0 ? parsed : 0;
  const line = (part: string): LogLine => ({ stderr: stream === "stderr", timeMs, timestamp: stamp, text: part });
  const body = withoutLineEnd(text);
  // A stock daemon sends what the container wrote in one go, which may be several lines.
  const lines = body.includes("\n") ? body.split("\n").map((part) => line(withoutLineEnd(part))) : [line(body)];
  return { kind: "lines", lines };
}

function withoutLineEnd(text: string): string {
  let end = text.length;
  if (text.charCodeAt(end - 1) === 10) {
    end -= 1;
  }
  if (text.charCodeAt(end - 1) === 13) {
    end -= 1;
  }
  return end === text.length ? text : text.slice(0, end);
}

/**
 * Compares two RFC 3339 time stamps down to the nanosecond: negative when `a` is earlier. The number of fraction digits may
 * differ, so they cannot be compared as text.
 */
export function compareTimestamps(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const byMs = Date.parse(a) - Date.parse(b);
  return byMs === 0 || Number.isNaN(byMs) ? nanosWithinMs(a) - nanosWithinMs(b) : byMs;
}

function nanosWithinMs(timestamp: string): number {
  const digits = /\.(\d+)/.exec(timestamp)?.[1] ?? "";
  return Number(digits.padEnd(9, "0").slice(3, 9));
}
