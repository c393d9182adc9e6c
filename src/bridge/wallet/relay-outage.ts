// What the wallet's state becomes when the relay goes and comes back.
import type { WalletState } from "./wallet-state";

/** The state once the relay is out of reach; `undefined` where nothing depends on it. */
export function relayIsGone(state: WalletState): WalletState | undefined {
  if (state.kind !== "connected" && state.kind !== "pairing" && state.kind !== "starting") {
    return undefined;
  }
  return {
    kind: "relay-unreachable",
    since: Date.now(),
    message: "The WalletConnect relay cannot be reached. ZLayer keeps trying.",
    ...(state.kind === "connected" && { session: state.session }),
  };
}

/** The state once the relay answers again: the session as it is by now, or else what was interrupted. */
export function relayIsBack(state: WalletState, interrupted: WalletState | undefined): WalletState | undefined {
  if (state.kind !== "relay-unreachable") {
    return undefined;
  }
  return state.session === undefined ? interrupted : { kind: "connected", session: state.session };
}
