import type { MetricsHostMessage, MetricsViewMessage, MetricsViewState } from "../../protocol/webview-metrics";
import { el, icon } from "../shared/dom";
import type { Host } from "../shared/host";
import { type Group, MetricsModel } from "../shared/metric-series";
import type { Theme } from "../shared/theme";
import type { TimeRange } from "../shared/time-range";
import { formatCpu, formatRate, formatSize } from "../shared/units";
import { type ChartDefinition, MetricChart } from "./chart";
import { Controls } from "./controls";
import { ValueTable } from "./value-table";

const MIB = 1024 * 1024;
const powers = (from: number, base: number, steps: readonly number[], count: number): number[] =>
  Array.from({ length: count }, (_, at) => steps.map((step) => from * step * base ** at)).flat();

const CHARTS: readonly ChartDefinition[] = [
  {
    title: "CPU",
    lines: [{ metric: "cpu", label: "" }],
    format: formatCpu,
    limit: "cpuLimit",
    increments: powers(1, 10, [1, 2, 5], 7),
  },
  {
    title: "Memory",
    lines: [{ metric: "memory", label: "" }],
    format: formatSize,
    limit: "memoryLimit",
    showsLimit: true,
    increments: powers(MIB, 2, [1], 24),
  },
  {
    title: "Network",
    lines: [
      { metric: "rx", label: "received" },
      { metric: "tx", label: "sent", dash: [4, 3] },
    ],
    format: formatRate,
    increments: powers(10, 10, [1, 2, 5], 12),
  },
  {
    title: "Block IO",
    lines: [
      { metric: "read", label: "read" },
      { metric: "write", label: "written", dash: [4, 3] },
    ],
    format: formatRate,
    increments: powers(10, 10, [1, 2, 5], 12),
  },
];

type Status = Extract<MetricsHostMessage, { type: "status" }>;

/** The metrics panel: what arrives from the host goes into a model; charts and table show it, once a second or on a change. */
export class MetricsView {
  readonly #host: Host<MetricsViewMessage>;
  readonly #theme: Theme;
  readonly #model = new MetricsModel();
  readonly #charts: readonly MetricChart[];
  readonly #controls: Controls;
  readonly #table = new ValueTable();
  readonly #legend = el("div", { class: "legend", role: "group", "aria-label": "Lines" });
  readonly #content: HTMLElement;
  readonly #placeholder = el("div", { class: "placeholder" });
  readonly #connection = el("span", { class: "connection", role: "status" });
  readonly #limitation = el("span", { class: "limitation" });
  readonly #timer: number;
  #state: MetricsViewState;
  #range: TimeRange;
  #status: Status = { type: "status", connection: "connecting", message: "Connecting to the engine…", limitation: "" };
  /** The engine's clock: its newest point, and when it came. */
  #clock = { engineMs: Date.now(), localMs: performance.now() };
  #frame = 0;
  #legendShape = "";

  constructor(root: HTMLElement, host: Host<MetricsViewMessage>, theme: Theme, title: string, state: MetricsViewState) {
    this.#host = host;
    this.#theme = theme;
    this.#state = state;
    this.#range = { span: state.span, to: undefined };
    this.#charts = CHARTS.map(
      (definition) => new MetricChart(definition, theme, { onRange: (range) => this.#setRange(range) }),
    );
    this.#controls = new Controls(state, {
      onSpan: (span) => this.#setRange({ span, to: undefined }),
      onLive: () => this.#setRange({ span: this.#range.span, to: undefined }),
      onGrouping: (grouping) => this.#save({ grouping }),
      onTable: (table) => this.#save({ table }),
    });
    this.#content = el(
      "div",
      { class: "content" },
      this.#legend,
      el("div", { class: "charts" }, ...this.#charts.map(({ element }) => element)),
      this.#table.element,
    );
    root.replaceChildren(
      el("h1", { class: "visually-hidden" }, `Metrics of ${title}`),
      this.#controls.element,
      el("div", { class: "body" }, this.#content, this.#placeholder),
      el("div", { class: "footer" }, this.#connection, this.#limitation),
    );
    theme.onChange(() => {
      this.#legendShape = "";
      for (const chart of this.#charts) {
        chart.repaint();
      }
      this.#schedule();
    });
    this.#timer = window.setInterval(() => this.#schedule(), 1_000);
    this.#setRange(this.#range);
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  onMessage(message: Exclude<MetricsHostMessage, { type: "init" }>): void {
    switch (message.type) {
      case "history":
        this.#model.reset(message.containers);
        break;
      case "points":
        this.#model.append(message.containers);
        break;
      case "status":
        this.#status = message;
        break;
    }
    if (message.type !== "status" && this.#model.newest > 0) {
      this.#clock = { engineMs: this.#model.newest, localMs: performance.now() };
    }
    this.#schedule();
  }

  /** Seconds since the Unix epoch, by the engine's clock. */
  get #now(): number {
    return (this.#clock.engineMs + performance.now() - this.#clock.localMs) / 1_000;
  }

  #setRange(range: TimeRange): void {
    this.#range = range;
    this.#controls.showRange(range);
    this.#save({ span: range.span });
  }

  #save(change: Partial<MetricsViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#host.saveState(this.#state);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#show();
      });
    }
  }

  #show(): void {
    const now = this.#now;
    const groups = this.#model.groups(this.#state.grouping);
    const shown = groups.filter(({ name }) => !this.#state.hidden.includes(name));
    this.#content.hidden = groups.length === 0;
    this.#showLegend(groups);
    if (groups.length > 0) {
      for (const chart of this.#charts) {
        chart.update(shown, this.#range, now);
      }
    }
    this.#table.setVisible(this.#state.table);
    this.#table.update(groups, this.#state.grouping === "service" ? "Service" : "Replica", now * 1_000);
    this.#showStatus(groups.length === 0);
  }

  #showLegend(groups: readonly Group[]): void {
    const shape = JSON.stringify([groups.map(({ name, color }) => [name, color]), this.#state.hidden]);
    if (shape === this.#legendShape) {
      return;
    }
    this.#legendShape = shape;
    const focused = document.activeElement?.getAttribute("data-name");
    this.#legend.replaceChildren(
      ...groups.map(({ name, color }) => {
        const on = !this.#state.hidden.includes(name);
        const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.setProperty("--color", this.#theme.replica(color));
        const chip = el(
          "button",
          {
            type: "button",
            class: on ? "chip" : "chip off",
            "aria-pressed": String(on),
            "data-name": name,
            title: on ? `Hide ${name}` : `Show ${name}`,
          },
          swatch,
          name,
        );
        chip.addEventListener("click", () => {
          const { hidden } = this.#state;
          this.#save({ hidden: on ? [...hidden, name] : hidden.filter((other) => other !== name) });
        });
        return chip;
      }),
    );
    if (focused) {
      this.#legend.querySelector<HTMLElement>(`[data-name="${CSS.escape(focused)}"]`)?.focus();
    }
  }

  #showStatus(empty: boolean): void {
    const { connection, message, limitation } = this.#status;
    const lost = connection === "lost";
    const text = lost
      ? `Disconnected: ${message}. Reconnecting…`
      : connection === "live"
        ? this.#range.to === undefined
          ? "Live"
          : "Live values go on; the charts show an earlier time"
        : message;
    if (this.#connection.dataset["shown"] !== text) {
      this.#connection.dataset["shown"] = text;
      this.#connection.className = `connection ${connection}`;
      const symbol = icon(lost ? "debug-disconnect" : connection === "live" ? "pass" : "loading");
      symbol.classList.toggle("codicon-modifier-spin", !lost && connection !== "live");
      this.#connection.replaceChildren(symbol, el("span", {}, text));
    }
    this.#limitation.textContent = limitation;
    this.#placeholder.hidden = !empty;
    const waits = lost
      ? `${message}. Trying again…`
      : connection === "live"
        ? "Waiting for the first measurement…"
        : message;
    if (this.#placeholder.dataset["shown"] !== waits) {
      this.#placeholder.dataset["shown"] = waits;
      const symbol = lost ? icon("debug-disconnect") : el("vscode-progress-ring", { "aria-label": "Waiting" });
      this.#placeholder.replaceChildren(symbol, el("p", {}, waits));
    }
  }
}
