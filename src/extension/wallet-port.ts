import { commands } from "vscode";
import type { DeskWallet } from "../bridge/market-desk/desk-wallet";
import { sessionOf, type WalletState } from "../bridge/wallet/wallet-state";
import type { WalletHost } from "./wallet-host";

/** Name of the mesh that nodes of the market join. */
const MESH = "zlayer-market";

/** The window's wallet as the market's desk wants it. */
export async function walletPort(host: WalletHost): Promise<DeskWallet> {
  const { wallet } = await host.load();
  return {
    get state() {
      return deskState(wallet.state);
    },
    onChange: (listener) => wallet.onChange(() => listener()),
    connect: () => commands.executeCommand("zlayer.wallet.connect"),
    switchChain: (chainId) => wallet.switchChain(chainId),
    client: (network, { title, fields }) => wallet.client(network, { title, fields }),
    nodeKey: async (network) => {
      const { meshKeyOf } = await import("../bridge/wallet/wallet-identity");
      return (await meshKeyOf(wallet, { purpose: "node", network: MESH, epoch: 0 }, network)).publicKey;
    },
  };
}

function deskState(state: WalletState): DeskWallet["state"] {
  const session = sessionOf(state);
  if (session !== undefined) {
    return { kind: "connected", account: session.account, chainId: session.chainId, label: session.peer.name };
  }
  return state.kind === "pairing" || state.kind === "starting" ? { kind: "connecting" } : { kind: "none" };
}
