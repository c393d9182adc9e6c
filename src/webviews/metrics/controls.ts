import type { MetricsGrouping, MetricsViewState } from "../../protocol/webview-metrics";
import { el, icon, toggleButton } from "../shared/dom";
import { Segments } from "../shared/segments";
import type { TimeRange } from "../shared/time-range";

const SPANS = [
  { seconds: 60, label: "1m", title: "Last minute" },
  { seconds: 300, label: "5m", title: "Last 5 minutes" },
  { seconds: 900, label: "15m", title: "Last 15 minutes" },
  { seconds: 3_600, label: "1h", title: "Last hour" },
];

const GROUPINGS: readonly { readonly value: MetricsGrouping; readonly label: string; readonly title: string }[] = [
  { value: "replica", label: "Per replica", title: "One line for each replica" },
  { value: "service", label: "Sum", title: "One line for each service: the sum of its replicas" },
];

export interface ControlEvents {
  onSpan(seconds: number): void;
  onLive(): void;
  onGrouping(grouping: MetricsGrouping): void;
  onTable(visible: boolean): void;
}

/** The controls above the charts. */
export class Controls {
  readonly element: HTMLElement;
  readonly #spans: Segments;
  readonly #live: HTMLElement;

  constructor(state: MetricsViewState, events: ControlEvents) {
    this.#spans = new Segments(
      "Time in sight",
      SPANS.map(({ seconds, ...rest }) => ({ value: String(seconds), ...rest })),
      (value) => events.onSpan(Number(value)),
    );
    const groupings = new Segments("Lines", GROUPINGS, (value) => {
      groupings.set(value);
      events.onGrouping(value === "service" ? "service" : "replica");
    });
    groupings.set(state.grouping);
    this.#live = el("vscode-button", { appearance: "secondary", class: "live" }, icon("debug-start"), "Go live");
    this.#live.addEventListener("click", () => events.onLive());
    this.element = el(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Chart controls" },
      this.#spans.element,
      groupings.element,
      this.#live,
      el(
        "div",
        { class: "actions" },
        toggleButton("table", "Show the current values as a table", state.table, (on) => events.onTable(on)),
      ),
    );
  }

  showRange(range: TimeRange): void {
    this.#spans.set(range.to === undefined ? String(range.span) : "");
    this.#live.hidden = range.to === undefined;
  }
}
