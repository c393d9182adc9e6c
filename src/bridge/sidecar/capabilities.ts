import { ApiError } from "./api-error";
import type { Cancellable, ZLayerClient } from "./client";
import type { Feature, Limitation, SidecarInfo } from "./types";

/** Who answers, and what can be asked of it. */
export type Capabilities =
  | { readonly kind: "sidecar"; readonly info: SidecarInfo }
  | { readonly kind: "daemon"; readonly version: string };

/** Asks who answers at the client's endpoint. A daemon that does not know the sidecar's own calls is a stock `zlayer` daemon. */
export async function discover(client: ZLayerClient, options: Cancellable = {}): Promise<Capabilities> {
  try {
    return { kind: "sidecar", info: await client.info(options) };
  } catch (error) {
    if (error instanceof ApiError && [404, 405, 501].includes(error.status)) {
      return { kind: "daemon", version: (await client.ready(options)).version };
    }
    throw error;
  }
}

export function has(capabilities: Capabilities, feature: Feature): boolean {
  return capabilities.kind === "sidecar" && capabilities.info.features.includes(feature);
}

const FEATURE_WORDS: Readonly<Record<Feature, string>> = {
  tty: "terminals",
  metrics: "the history of measurements",
  status: "a stream of its state",
  shutdown: "a shutdown on request",
  undo: "taking a deploy back",
};

/** Why a command that needs `feature` cannot be used; `undefined` when it can. */
export function whyMissing(capabilities: Capabilities, feature: Feature): string | undefined {
  if (has(capabilities, feature)) {
    return undefined;
  }
  const engine =
    capabilities.kind === "sidecar"
      ? `The ZLayer sidecar ${capabilities.info.version}`
      : `The zlayer daemon ${capabilities.version}`;
  return `${engine} does not offer ${FEATURE_WORDS[feature]}.`;
}

/** What the machine does not allow, each with its remedy. A stock daemon does not tell. */
export function limitations(capabilities: Capabilities): readonly Limitation[] {
  return capabilities.kind === "sidecar" ? capabilities.info.limitations : [];
}
