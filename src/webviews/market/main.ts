import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextArea,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import * as v from "valibot";
import {
  type MarketHostMessage,
  type MarketViewMessage,
  marketHostMessage,
  marketViewState,
} from "../../protocol/market-messages";
import { connectHost } from "../shared/host";
import { FRESH_STATE, MarketView } from "./market-view";

import "@vscode/codicons/dist/codicon.css";
import "../shared/base.css";
import "./market.css";

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeProgressRing(),
  vsCodeTextArea(),
  vsCodeTextField(),
);

const root = document.getElementById("root");
let view: MarketView | undefined;

const host = connectHost<typeof marketHostMessage, MarketViewMessage>(marketHostMessage, onMessage, (problem, to) =>
  to.post({ type: "problem", problem }),
);

function onMessage(message: MarketHostMessage): void {
  if (message.type !== "init") {
    view?.onMessage(message);
  } else if (root !== null) {
    const saved = v.safeParse(marketViewState, host.savedState());
    const state = view?.state ?? (saved.success ? saved.output : FRESH_STATE);
    view?.dispose();
    view = new MarketView(root, host, message, state);
  }
}

host.post({ type: "ready" });
