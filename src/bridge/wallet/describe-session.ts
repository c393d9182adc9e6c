import type { SessionTypes } from "@walletconnect/types";
import { type Address, getAddress, isAddress } from "viem";
import type { MarketNetwork } from "../market/network";
import type { WalletChoice } from "./wallet-choice";
import { walletLink } from "./wallet-link";
import type { WalletSession } from "./wallet-state";
import { peerName } from "./walletconnect";

/** The session as the settings' networks and the user's choice make it; `undefined` when no account is on any of them. */
export function describeSession(
  session: SessionTypes.Struct,
  choice: Partial<WalletChoice>,
  networks: readonly MarketNetwork[],
): WalletSession | undefined {
  const known = new Set(networks.map(({ chainId }) => chainId));
  const byChain = new Map<number, Address[]>();
  for (const text of session.namespaces["eip155"]?.accounts ?? []) {
    const [, id, address = ""] = text.split(":");
    const chainId = Number(id);
    if (known.has(chainId) && isAddress(address, { strict: false })) {
      const list = byChain.get(chainId) ?? [];
      list.push(getAddress(address));
      byChain.set(chainId, list);
    }
  }
  const chainIds = [...byChain.keys()];
  const chainId = choice.chainId !== undefined && byChain.has(choice.chainId) ? choice.chainId : chainIds[0];
  const accounts = chainId === undefined ? [] : [...new Set(byChain.get(chainId))];
  const [first] = accounts;
  if (chainId === undefined || first === undefined) {
    return undefined;
  }
  const { account } = choice;
  return {
    via: "walletconnect",
    accounts,
    account: account !== undefined && accounts.includes(account) ? account : first,
    chainIds,
    chainId,
    peer: { name: peerName(session), ...linkOf(session) },
    expiresAt: session.expiry * 1_000,
  };
}

/** The link that the other side gives for itself, unless it could do harm. */
function linkOf(session: SessionTypes.Struct): { readonly link?: string } {
  const { redirect } = session.peer.metadata;
  const link = redirect?.native ?? redirect?.universal;
  try {
    return link === undefined || link === "" ? {} : { link: walletLink(link) };
  } catch {
    return {};
  }
}
