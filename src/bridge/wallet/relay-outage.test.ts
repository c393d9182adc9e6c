import { describe, expect, it } from "vitest";
import { relayIsBack, relayIsGone } from "./relay-outage";
import type { WalletSession, WalletState } from "./wallet-state";

const session: WalletSession = {
  via: "walletconnect",
  accounts: ["0x1111111111111111111111111111111111111111"],
  account: "0x1111111111111111111111111111111111111111",
  chainIds: [1],
  chainId: 1,
  peer: { name: "Test" },
};
const pairing: WalletState = { kind: "pairing", uri: "wc:1@2", expiresAt: 1 };

describe("a relay outage", () => {
  it("keeps the session in sight, as it is when the relay is back", () => {
    const gone = relayIsGone({ kind: "connected", session });
    expect(gone).toMatchObject({ kind: "relay-unreachable", session });
    const changed = { ...session, chainId: 5 };
    expect(
      relayIsBack({ ...(gone as WalletState & { kind: "relay-unreachable" }), session: changed }, undefined),
    ).toEqual({ kind: "connected", session: changed });
  });

  it("goes on with the pairing that it interrupted", () => {
    const gone = relayIsGone(pairing);
    expect(gone).not.toHaveProperty("session");
    expect(relayIsBack(gone as WalletState, pairing)).toBe(pairing);
  });

  it("changes nothing where nothing depends on the relay, and is not begun twice", () => {
    expect(relayIsGone({ kind: "disconnected", end: { why: "never", message: "" } })).toBeUndefined();
    expect(relayIsGone(relayIsGone(pairing) as WalletState)).toBeUndefined();
    expect(relayIsBack({ kind: "connected", session }, undefined)).toBeUndefined();
  });
});
