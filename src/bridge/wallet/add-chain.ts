import { numberToHex } from "viem";
import type { Unsubscribe } from "../emitter";
import type { MarketNetwork } from "../market/network";
import { delay } from "../wait";
import { WalletError } from "./wallet-error";
import type { WalletSession } from "./wallet-state";
import type { WalletRequest } from "./walletconnect";

/** After the wallet has agreed, how long it may take to tell its new networks, in milliseconds. */
const TELLS_WITHIN = 10_000;

/** What the question needs of the wallet. */
export interface AskingWallet {
  readonly session: () => WalletSession | undefined;
  ask(request: WalletRequest): Promise<unknown>;
  onChange(listener: () => void): Unsubscribe;
}

/**
 * Asks the wallet to add a network that it did not allow (EIP-3085), and waits until the session has it.
 *
 * @throws {WalletError} what the wallet says, or `wrong-chain` when the session stays without it
 */
export async function addChain(wallet: AskingWallet, session: WalletSession, network: MarketNetwork): Promise<void> {
  const { name, chainId, rpcUrl, currency } = network;
  await wallet.ask({
    chainId: session.chainIds[0] ?? session.chainId,
    account: session.account,
    method: "wallet_addEthereumChain",
    params: [
      {
        chainId: numberToHex(chainId),
        chainName: name,
        nativeCurrency: { name: currency, symbol: currency, decimals: 18 },
        rpcUrls: [rpcUrl],
      },
    ],
  });
  const has = (): boolean => wallet.session()?.chainIds.includes(chainId) === true;
  const done = new AbortController();
  const stop = wallet.onChange(() => has() && done.abort());
  try {
    if (!has()) {
      await delay(TELLS_WITHIN, done.signal).catch(() => undefined);
    }
  } finally {
    stop();
  }
  if (!has()) {
    throw new WalletError(
      "wrong-chain",
      `${session.peer.name} added ${name} (${chainId}), but did not allow it for this connection. Disconnect and connect again.`,
    );
  }
}
