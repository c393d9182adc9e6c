import { METRICS, type Metric } from "../../protocol/webview-metrics";
import { el } from "../shared/dom";
import { type Group, latest, limitOf } from "../shared/metric-series";
import { formatCpu, formatRate, formatSize } from "../shared/units";

const FORMATS: Record<Metric, (value: number) => string> = {
  cpu: formatCpu,
  memory: formatSize,
  rx: formatRate,
  tx: formatRate,
  read: formatRate,
  write: formatRate,
};
const HEADINGS = ["CPU", "CPU limit", "Memory", "Memory limit", "Received", "Sent", "Read", "Written"];

/** The current values in words: what a screen reader reads instead of the charts. Always in the page, and in sight on demand. */
export class ValueTable {
  readonly element: HTMLElement;
  readonly #body = el("tbody");
  readonly #first = el("th", { scope: "col" });

  constructor() {
    const headings = HEADINGS.map((heading) => el("th", { scope: "col" }, heading));
    this.element = el(
      "div",
      { class: "values", role: "region", "aria-label": "Current values", tabindex: "0" },
      el(
        "table",
        {},
        el("caption", { class: "visually-hidden" }, "Current values"),
        el("thead", {}, el("tr", {}, this.#first, ...headings)),
        this.#body,
      ),
    );
  }

  setVisible(visible: boolean): void {
    this.element.classList.toggle("visually-hidden", !visible);
    this.element.tabIndex = visible ? 0 : -1;
  }

  /** @param noun What a row is: "Replica" or "Service". @param nowMs Milliseconds since the Unix epoch. */
  update(groups: readonly Group[], noun: string, nowMs: number): void {
    this.#first.textContent = noun;
    const cell = (value: number | null, format: (value: number) => string): HTMLElement =>
      el("td", {}, value === null ? "–" : format(value));
    const rows = groups.map((group) => {
      const cells = METRICS.flatMap((metric) => {
        const value = cell(latest(group, metric, nowMs), FORMATS[metric]);
        const limit = metric === "cpu" ? "cpuLimit" : metric === "memory" ? "memoryLimit" : undefined;
        return limit === undefined ? [value] : [value, cell(limitOf(group, limit, nowMs), FORMATS[metric])];
      });
      return el("tr", {}, el("th", { scope: "row" }, group.name), ...cells);
    });
    this.#body.replaceChildren(...rows);
  }
}
