import { type Address, isAddress, isAddressEqual } from "viem";
import type { WalletSession } from "./wallet-state";

/**
 * The session's account that a wallet named.
 *
 * @param named as wallets tell it: an address, or CAIP-10 with the chain before it
 *   (https://chainagnostic.org/CAIPs/caip-10)
 * @returns `undefined` for what is no address, or one that the session does not share
 */
export function sharedAccount(session: WalletSession, named: string | undefined): Address | undefined {
  const address = named?.split(":").at(-1);
  return address !== undefined && isAddress(address, { strict: false })
    ? session.accounts.find((account) => isAddressEqual(account, address))
    : undefined;
}
