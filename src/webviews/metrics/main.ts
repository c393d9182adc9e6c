import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from "@vscode/webview-ui-toolkit";
import * as v from "valibot";
import {
  type MetricsHostMessage,
  type MetricsViewMessage,
  type MetricsViewState,
  metricsHostMessage,
  metricsViewState,
} from "../../protocol/webview-metrics";
import { connectHost } from "../shared/host";
import { Theme } from "../shared/theme";
import { MetricsView } from "./metrics-view";

import "@vscode/codicons/dist/codicon.css";
import "uplot/dist/uPlot.min.css";
import "../shared/base.css";
import "./metrics.css";

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeProgressRing());

const root = document.getElementById("root");
let view: MetricsView | undefined;

const host = connectHost<typeof metricsHostMessage, MetricsViewMessage>(metricsHostMessage, onMessage, (problem, to) =>
  to.post({ type: "problem", problem }),
);

function onMessage(message: MetricsHostMessage): void {
  if (message.type !== "init") {
    view?.onMessage(message);
  } else if (root !== null) {
    view?.dispose();
    const saved = v.safeParse(metricsViewState, host.savedState());
    const fresh: MetricsViewState = {
      target: message.target,
      grouping: "replica",
      span: 300,
      table: false,
      hidden: [],
    };
    const state = saved.success ? { ...saved.output, target: message.target } : fresh;
    view = new MetricsView(root, host, new Theme(), message.title, state);
  }
}

host.post({ type: "ready" });
