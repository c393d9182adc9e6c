import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";
import * as v from "valibot";
import {
  type LogsHostMessage,
  type LogsViewMessage,
  type LogsViewState,
  logsHostMessage,
  logsViewState,
} from "../../protocol/webview-logs";
import { connectHost } from "../shared/host";
import { Theme } from "../shared/theme";
import { LogPane } from "./log-pane";

import "@vscode/codicons/dist/codicon.css";
import "../shared/base.css";
import "./logs.css";

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeProgressRing(),
  vsCodeTextField(),
);

const root = document.getElementById("root");
let pane: LogPane | undefined;

const host = connectHost<typeof logsHostMessage, LogsViewMessage>(logsHostMessage, onMessage, (problem, to) =>
  to.post({ type: "problem", problem }),
);

function onMessage(message: LogsHostMessage): void {
  if (message.type !== "init") {
    pane?.onMessage(message);
  } else if (root !== null) {
    pane?.dispose();
    const state: LogsViewState = { ...savedView(), target: message.target, options: message.options };
    pane = new LogPane(root, host, new Theme(), message.capacity, message.title, state);
  }
}

function savedView(): Pick<LogsViewState, "filter" | "timestamps" | "wrap" | "paused"> {
  const saved = v.safeParse(logsViewState, host.savedState());
  return saved.success ? saved.output : { filter: "", timestamps: false, wrap: false, paused: false };
}

host.post({ type: "ready" });
