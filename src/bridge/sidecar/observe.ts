import { delay } from "../wait";
import { type Capabilities, has } from "./capabilities";
import type { ZLayerClient } from "./client";
import { readDaemonState } from "./daemon-state";
import type { ObservedLine, ObservedState } from "./state";

/** A stock daemon is asked again at the latest after this many milliseconds, and shortly after each of its events. */
const POLL_MS = 5_000;
const EVENT_PAUSE_MS = 150;

/**
 * Keeps `state` up to date until the connection breaks or the signal is aborted; either way it rejects.
 *
 * @throws EngineUnreachable, ApiError; an `AbortError`
 */
export async function observe(
  client: ZLayerClient,
  capabilities: Capabilities,
  state: ObservedState,
  signal: AbortSignal,
): Promise<never> {
  state.beginList();
  for await (const line of statusLines(client, capabilities, signal)) {
    state.apply(line);
  }
  throw new Error("The engine ended the stream of its state.");
}

/** The state of every deployment and each change, from the sidecar's stream or, for a stock daemon, by asking again and again. */
export function statusLines(
  client: ZLayerClient,
  capabilities: Capabilities,
  signal: AbortSignal,
): AsyncGenerator<ObservedLine> {
  return has(capabilities, "status") ? client.status({ follow: true, signal }) : polledStatus(client, signal);
}

async function* polledStatus(client: ZLayerClient, signal: AbortSignal): AsyncGenerator<ObservedLine> {
  const ended = new AbortController();
  const either = AbortSignal.any([ended.signal, signal]);
  let wake: () => void = () => {};
  void watchEvents(client, either, () => wake());
  try {
    for (;;) {
      const woken = new AbortController();
      let happened = false;
      wake = () => {
        happened = true;
        woken.abort();
      };
      yield { type: "list" };
      for (const deployment of await readDaemonState(client, signal)) {
        yield { type: "deployment", deployment };
      }
      yield { type: "images" };
      yield { type: "synced" };
      if (!happened) {
        await delay(POLL_MS, AbortSignal.any([woken.signal, signal])).catch(() => undefined);
      }
      await delay(EVENT_PAUSE_MS, signal);
    }
  } finally {
    ended.abort();
  }
}

/** A daemon without events is asked at the usual interval; its silence is no failure. */
async function watchEvents(client: ZLayerClient, signal: AbortSignal, onEvent: () => void): Promise<void> {
  try {
    for await (const _event of client.events({ signal })) {
      onEvent();
    }
  } catch {
    // The next question finds out whether the daemon is still there.
  }
}
