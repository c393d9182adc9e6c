import http, { type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import { abortError } from "../wait";
import { ApiError, EngineUnreachable, readError } from "./api-error";
import type { Endpoint } from "./endpoint";

/** A connection that is not made in this time is given up, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Largest answer that is read as a whole, in bytes. */
const BODY_MAX = 64 * 1024 * 1024;

export interface ApiRequest {
  readonly method: string;
  /** Path and query, from `/` on, already encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

/** Options of Node's HTTP client (and of `ws`) that lead to the endpoint. */
export function connectionOptions(endpoint: Endpoint, path: string): RequestOptions {
  if (endpoint.kind === "unix") {
    return { socketPath: endpoint.path, path, headers: { host: "localhost" } };
  }
  const base = endpoint.url.pathname.replace(/\/$/, "");
  const auth: Record<string, string> =
    endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` };
  return {
    protocol: endpoint.url.protocol,
    hostname: endpoint.url.hostname.replace(/^\[|\]$/g, ""),
    port: endpoint.url.port,
    path: base + path,
    headers: { host: endpoint.url.host, ...auth },
  };
}

/**
 * Sends one request and resolves with the answer's head; the body is read from the message, which stops the sender
 * while nobody reads. Aborting the signal ends both.
 *
 * @throws EngineUnreachable when no answer comes; the signal's `AbortError` when aborted
 */
export function send(endpoint: Endpoint, request: ApiRequest): Promise<IncomingMessage> {
  const options = connectionOptions(endpoint, request.path);
  const secure = endpoint.kind === "http" && endpoint.url.protocol === "https:";
  return new Promise((resolve, reject) => {
    const outgoing = (secure ? https : http).request({
      ...options,
      agent: false,
      method: request.method,
      headers: {
        ...options.headers,
        ...request.headers,
        ...(request.body && { "content-length": String(request.body.byteLength) }),
      },
      ...(request.signal && { signal: request.signal }),
    });
    const giveUp = setTimeout(
      () => outgoing.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} seconds`)),
      CONNECT_TIMEOUT_MS,
    );
    outgoing.once("socket", (socket) => {
      socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(giveUp));
    });
    outgoing.once("close", () => clearTimeout(giveUp));
    outgoing.once("response", resolve);
    outgoing.once("error", (error) => reject(request.signal?.aborted ? error : new EngineUnreachable(endpoint, error)));
    outgoing.end(request.body);
  });
}

/**
 * Like `send`, for an answer that must be 2xx.
 *
 * @throws ApiError with what the engine says; and as `send`
 */
export async function open(endpoint: Endpoint, request: ApiRequest): Promise<IncomingMessage> {
  const answer = await send(endpoint, request);
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return answer;
  }
  const text = (await readAll(answer)).toString("utf8");
  throw readError(status, parseOrText(text));
}

/**
 * The bytes of a body as they come. Leaving the iteration closes the connection.
 *
 * @throws EngineUnreachable when the connection breaks; an `AbortError` when the signal was aborted
 */
export async function* bytesOf(
  endpoint: Endpoint,
  answer: IncomingMessage,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    throw signal?.aborted ? abortError(signal) : new EngineUnreachable(endpoint, error);
  }
}

/** Reads a body to its end. @throws ApiError when it is larger than 64 MiB */
export async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > BODY_MAX) {
      throw new ApiError(`The engine's answer is larger than ${BODY_MAX >> 20} MiB.`, 0, "answer-too-large");
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A `fetch` for openapi-fetch that reaches the endpoint, whatever the host of the request's URL. */
export function fetchFrom(endpoint: Endpoint): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const body = Buffer.from(await request.arrayBuffer());
    const answer = await send(endpoint, {
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
      signal: request.signal,
      ...(body.byteLength > 0 && { body }),
    });
    const status = answer.statusCode ?? 502;
    const data = await readAll(answer);
    const headers = { "content-type": answer.headers["content-type"] ?? "", "content-length": String(data.byteLength) };
    const empty = status === 204 || status === 205 || status === 304;
    return new Response(empty ? null : new Uint8Array(data), { status, headers });
  };
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
