import { delay } from "../wait";

/** Milliseconds that a call waits at most for an RPC that asks for a pause; a longer pause is an error that says so. */
const LONGEST_PAUSE = 4_000;
const ATTEMPTS = 3;

/**
 * A `fetch` for JSON-RPC over HTTP that repeats what is no answer yet: what an RPC refuses because it gets too many requests, after the
 * pause that it asks for; and what only reads, when the connection closed under it, as connections that are kept do when the other side
 * has had enough of waiting. A pause that is too long to wait for is the caller's to handle.
 */
export async function patientFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      if (closedUnderway(error) && onlyReads(init?.body) && attempt < ATTEMPTS) {
        continue;
      }
      throw error;
    }
    if ((response.status !== 429 && response.status !== 503) || attempt === ATTEMPTS) {
      return response;
    }
    const asked = Number(response.headers.get("retry-after") ?? 0.25 * attempt) * 1000;
    if (!(asked <= LONGEST_PAUSE)) {
      return response;
    }
    await response.body?.cancel();
    await delay(asked, init?.signal ?? undefined);
  }
}

/** Whether the other side closed a connection that was there. The codes are those of Node and of its `fetch`. */
function closedUnderway(error: unknown): boolean {
  const code = error instanceof TypeError && error.cause instanceof Error && "code" in error.cause && error.cause.code;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

/** Whether a call changes nothing. Nobody knows whether the other side took a transaction before it closed the connection. */
function onlyReads(body: RequestInit["body"]): boolean {
  return typeof body === "string" && !body.includes('"eth_send');
}
