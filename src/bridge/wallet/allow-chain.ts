import type { MarketNetwork } from "../market/network";
import { type AskingWallet, addChain } from "./add-chain";
import { WalletError } from "./wallet-error";
import type { WalletSession } from "./wallet-state";

/**
 * Makes sure that the session may use a chain: asks the wallet to add it, where it can be asked and does not allow it yet.
 *
 * @param known `network` that the settings have for the chain; `wallet` that may be asked
 * @throws {WalletError} `wrong-chain` with what to do, or what the wallet says
 */
export async function allowChain(
  session: WalletSession,
  chainId: number,
  known: { readonly network: MarketNetwork | undefined; readonly wallet?: AskingWallet },
): Promise<void> {
  const { network, wallet } = known;
  if (session.chainIds.includes(chainId)) {
    return;
  }
  if (network !== undefined && wallet !== undefined) {
    await addChain(wallet, session, network);
    return;
  }
  const name = network?.name ?? "the network";
  throw new WalletError(
    "wrong-chain",
    session.via === "devnet"
      ? `The devnet account works on the devnet only, not on ${name} (${chainId}). Connect a wallet for that network.`
      : `${session.peer.name} did not allow ${name} (${chainId}) when it was connected. Disconnect, add the network in the wallet, and connect again.`,
  );
}
