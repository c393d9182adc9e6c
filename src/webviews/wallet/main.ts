import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
} from "@vscode/webview-ui-toolkit";
import * as v from "valibot";
import {
  type WalletHostMessage,
  type WalletViewMessage,
  walletHostMessage,
  walletViewState,
} from "../../protocol/webview-wallet";
import { connectHost } from "../shared/host";
import { WalletView } from "./wallet-view";

import "@vscode/codicons/dist/codicon.css";
import "../shared/base.css";
import "./wallet.css";

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeProgressRing());

const root = document.getElementById("root");
let view: WalletView | undefined;

const host = connectHost<typeof walletHostMessage, WalletViewMessage>(walletHostMessage, onMessage, (problem, to) =>
  to.post({ type: "problem", problem }),
);

function onMessage(message: WalletHostMessage): void {
  if (view === undefined && root !== null) {
    const saved = v.safeParse(walletViewState, host.savedState());
    view = new WalletView(root, host, saved.success ? saved.output : { open: [], scroll: 0 });
  }
  view?.onMessage(message);
}

host.post({ type: "ready" });
