import { availableParallelism, totalmem } from "node:os";
import { workspace } from "vscode";
import { registryTags } from "../bridge/spec/registry-tags";
import type { KnownNode } from "../language/known-nodes";
import { type LiveValuesParams, LONGEST_WAIT_MS } from "../language/live-values-request";
import type { EngineHost } from "./engine-host";

/**
 * What only this side knows and a spec may name. Nothing is started for it, and an untrusted workspace gets nothing: its specs
 * would choose the registry that is asked.
 *
 * @throws whatever keeps the engine or the registry from answering
 */
export async function liveValues(host: EngineHost, asked: LiveValuesParams, signal: AbortSignal): Promise<string[]> {
  const { status } = host;
  if (!workspace.isTrusted) {
    return [];
  }
  switch (asked.kind) {
    case "images":
      return status.kind === "connected"
        ? (await status.client.images({ signal })).map(({ reference }) => reference)
        : [];
    case "tags":
      return await registryTags(asked.image, AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT_MS)]));
    case "environment":
      // The sidecar inherits these; another engine has its own.
      return host.supervisor === undefined ? [] : Object.keys(process.env).sort();
  }
}

/** The nodes whose size is known: this machine, while its own sidecar is connected. */
export function knownNodesOf(host: EngineHost): KnownNode[] {
  return host.status.kind === "connected" && host.supervisor !== undefined
    ? [{ name: "this machine", cpu: availableParallelism(), memory: totalmem() }]
    : [];
}
