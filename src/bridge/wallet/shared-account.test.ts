import { expect, it } from "vitest";
import { sharedAccount } from "./shared-account";
import type { WalletSession } from "./wallet-state";

const FIRST = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const session: WalletSession = {
  via: "walletconnect",
  accounts: [FIRST],
  account: FIRST,
  chainIds: [1],
  chainId: 1,
  peer: { name: "Test" },
};

it.each([FIRST, FIRST.toLowerCase(), `eip155:1:${FIRST.toLowerCase()}`])(
  "finds the account that is told as %s",
  (told) => {
    expect(sharedAccount(session, told)).toBe(FIRST);
  },
);

it.each([undefined, "", "eip155:1:", "0x12", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"])(
  "finds none for %j",
  (told) => {
    expect(sharedAccount(session, told)).toBeUndefined();
  },
);
