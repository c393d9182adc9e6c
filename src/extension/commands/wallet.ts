import { env, type QuickPickItem, window } from "vscode";
import type { DevnetKind } from "../../bridge/wallet/devnet-account";
import { WalletError } from "../../bridge/wallet/wallet-error";
import { withSteadyProgress } from "../progress";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  show: {
    failure: "The wallet was not shown",
    run: (context) => context.panels.openWallet(),
  },
  connect: {
    failure: "The wallet was not connected",
    run: async (context) => {
      const chosen = await pickWay();
      if (chosen === undefined) {
        return;
      }
      await context.wallet.refreshNetworks();
      const { wallet } = await context.wallet.load();
      await context.panels.openWallet();
      if (chosen.devnet === undefined) {
        await wallet.connect();
      } else {
        await wallet.connectDevnet(chosen.devnet);
      }
    },
  },
  disconnect: {
    failure: "The wallet was not disconnected",
    run: async (context) => {
      const { wallet } = await context.wallet.load();
      if (wallet.state.kind === "pairing" || wallet.state.kind === "starting") {
        await wallet.cancelPairing();
        return;
      }
      required(wallet.session);
      await wallet.disconnect();
    },
  },
  switchAccount: {
    failure: "The account was not switched",
    run: async (context) => {
      const { wallet } = await context.wallet.load();
      const session = required(wallet.session);
      const picked = await window.showQuickPick(
        session.accounts.map((account) => ({
          label: account,
          ...(account === session.account && { description: "in use" }),
          account,
        })),
        { title: "Account", placeHolder: `Accounts that ${session.peer.name} shares` },
      );
      if (picked !== undefined) {
        await wallet.switchAccount(picked.account);
      }
    },
  },
  switchNetwork: {
    failure: "The network was not switched",
    run: async (context) => {
      const { wallet, networks } = await context.wallet.load();
      const session = required(wallet.session);
      const picked = await window.showQuickPick(
        networks().map(({ name, chainId }) => ({
          label: name,
          description:
            chainId === session.chainId
              ? "in use"
              : session.chainIds.includes(chainId)
                ? `chain ${chainId}`
                : `chain ${chainId}, not allowed in the wallet`,
          chainId,
        })),
        { title: "Network", placeHolder: "Networks of zlayer.market.networks" },
      );
      if (picked !== undefined) {
        await wallet.switchChain(picked.chainId);
      }
    },
  },
  getDevnetFunds: {
    failure: "The account got no devnet funds",
    run: async (context) => {
      await context.wallet.refreshNetworks();
      const { wallet, network } = await context.wallet.load();
      const { account, chainId } = required(wallet.session);
      const on = network();
      if (on === undefined) {
        throw new WalletError(
          "wrong-chain",
          `The wallet is set to network ${chainId}, which zlayer.market.networks does not name. Switch the network.`,
        );
      }
      const [{ fundDevnetAccount }, { money, ott }] = await Promise.all([
        import("../../bridge/wallet/devnet-funds"),
        import("../../bridge/market/words"),
      ]);
      const funds = await withSteadyProgress("The devnet sends money…", () => fundDevnetAccount(on, account));
      window.setStatusBarMessage(
        `$(check) ${ott(funds.ott)} came, and there is ${money(funds.native, on.currency)} for fees`,
        6_000,
      );
    },
  },
  copyAddress: {
    failure: "The address was not copied",
    run: async (context: ZLayerContext) => {
      const { wallet } = await context.wallet.load();
      await env.clipboard.writeText(required(wallet.session).account);
      window.setStatusBarMessage("$(check) The address is on the clipboard", 4_000);
    },
  },
};

interface Way extends QuickPickItem {
  readonly devnet?: DevnetKind;
}

function pickWay(): Thenable<Way | undefined> {
  const ways: readonly Way[] = [
    { label: "$(device-mobile) Your wallet", detail: "By QR code or link (WalletConnect). Keys stay in the wallet." },
    {
      label: "$(beaker) Funded devnet account",
      detail: "One of the accounts that the devnet's node has given money. Devnet only.",
      devnet: "well-known",
    },
    {
      label: "$(beaker) Devnet key of this machine",
      detail: "A key that is made here and kept in the secret storage. Devnet only.",
      devnet: "own",
    },
  ];
  return window.showQuickPick(ways, { title: "Connect a Wallet" });
}

function required<T>(session: T | undefined): T {
  if (session === undefined) {
    throw new WalletError("not-connected", "No wallet is connected. Run “ZLayer: Connect Wallet” first.");
  }
  return session;
}
