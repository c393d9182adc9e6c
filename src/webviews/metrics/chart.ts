import uPlot from "uplot";
import type { Metric } from "../../protocol/webview-metrics";
import { el } from "../shared/dom";
import { type Aligned, align, type Group, latest, limitOf } from "../shared/metric-series";
import type { Theme } from "../shared/theme";
import { edges, pan, type TimeRange, zoom } from "../shared/time-range";

/** One line kind of a chart. */
interface Line {
  readonly metric: Metric;
  /** `received`; empty when the chart has one kind of line only. */
  readonly label: string;
  readonly dash?: number[];
}

export interface ChartDefinition {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  readonly limit?: "cpuLimit" | "memoryLimit";
  /** The limit is always in sight; otherwise only once the use comes near it. */
  readonly showsLimit?: boolean;
  /** Distances of the grid lines that may be used. */
  readonly increments?: readonly number[];
}

export interface ChartEvents {
  onRange(range: TimeRange): void;
}

interface Limit {
  readonly value: number;
  readonly color: string;
}

/** Height of the time axis, in pixels. */
const TIME_AXIS = 26;
/** Share of the range that an arrow key moves. */
const KEY_STEP = 0.2;
const ZOOM_STEP = 1.25;

/** A live chart with lines of several groups. Its times are those of its neighbours: they move and zoom together. */
export class MetricChart {
  readonly element: HTMLElement;
  readonly #definition: ChartDefinition;
  readonly #theme: Theme;
  readonly #events: ChartEvents;
  readonly #plot = el("div", { class: "plot", tabindex: "0" });
  readonly #current = el("span", { class: "current" });
  readonly #limitText = el("span", { class: "limit" });
  readonly #readout = el("div", { class: "readout", hidden: true });
  #chart: uPlot | undefined;
  #shape = "";
  #groups: readonly Group[] = [];
  #aligned: Aligned = { times: [], values: [] };
  #limits: Limit[] = [];
  #range: TimeRange = { span: 300, to: undefined };
  #now = 0;

  constructor(definition: ChartDefinition, theme: Theme, events: ChartEvents) {
    this.#definition = definition;
    this.#theme = theme;
    this.#events = events;
    this.#plot.setAttribute("role", "img");
    this.#plot.setAttribute(
      "aria-label",
      `${definition.title} over time. Left and right move, plus and minus zoom, End goes on with the live values. The table holds the current values.`,
    );
    this.element = el(
      "section",
      { class: "chart", "aria-label": definition.title },
      el("header", {}, el("h2", {}, definition.title), this.#current, this.#limitText),
      this.#plot,
      this.#readout,
    );
    this.#plot.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.#resize()).observe(this.#plot);
  }

  /** @param now Seconds since the Unix epoch, by the clock of the engine. */
  update(groups: readonly Group[], range: TimeRange, now: number): void {
    this.#groups = groups;
    this.#range = range;
    this.#now = now;
    const [from, to] = edges(range, now);
    this.#aligned = align(
      groups,
      this.#definition.lines.map(({ metric }) => metric),
      from,
      to,
    );
    this.#limits = this.#readLimits();
    this.#showHeader();
    const shape = JSON.stringify(groups.map(({ name, color }) => [name, color]));
    if (this.#chart === undefined || shape !== this.#shape) {
      this.#shape = shape;
      this.#build();
    }
    const chart = this.#chart;
    if (chart !== undefined) {
      chart.batch(() => {
        chart.setData([this.#aligned.times, ...this.#aligned.values] as uPlot.AlignedData, false);
        chart.setScale("x", { min: from, max: to });
      });
    }
    this.#showReadout();
  }

  /** The theme changed. */
  repaint(): void {
    this.#limits = this.#readLimits();
    this.#shape = "";
    this.#chart?.destroy();
    this.#chart = undefined;
    this.update(this.#groups, this.#range, this.#now);
  }

  #readLimits(): Limit[] {
    const { limit } = this.#definition;
    if (limit === undefined) {
      return [];
    }
    const limits = new Map<number, Limit>();
    for (const group of this.#groups) {
      const value = limitOf(group, limit, this.#now * 1_000);
      if (value !== null) {
        limits.set(value, { value, color: this.#theme.replica(group.color) });
      }
    }
    const found = [...limits.values()];
    const color = this.#theme.css("--vscode-charts-red", "--vscode-errorForeground");
    return found.length === 1 ? found.map(({ value }) => ({ value, color })) : found;
  }

  #showHeader(): void {
    const { lines, format } = this.#definition;
    const several = this.#groups.length > 1;
    const parts = lines.map(({ metric, label, dash }) => {
      const values = this.#groups
        .map((group) => latest(group, metric, this.#now * 1_000))
        .filter((value) => value !== null);
      const sum = values.length === 0 ? "–" : format(values.reduce((a, b) => a + b, 0));
      if (label === "") {
        return el("span", {}, several && values.length > 0 ? `${sum} in all` : sum);
      }
      const sample = el("span", { class: dash === undefined ? "sample" : "sample dashed", "aria-hidden": "true" });
      return el("span", {}, sample, `${label} ${sum}`);
    });
    this.#current.replaceChildren(...parts);
    const values = this.#limits.map(({ value }) => value);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const each = several ? " each" : "";
    this.#limitText.textContent =
      values.length === 0
        ? ""
        : least === most
          ? `limit ${format(least)}${each}`
          : `limits ${format(least)} to ${format(most)}`;
  }

  #build(): void {
    this.#chart?.destroy();
    const { lines, format, increments } = this.#definition;
    const theme = this.#theme;
    const font = theme.font(11);
    const text = theme.css("--vscode-descriptionForeground", "--vscode-foreground");
    const grid = { stroke: theme.faint("--vscode-foreground", 0.14), width: 1 };
    const single = this.#groups.length === 1;
    const series = this.#groups.flatMap((group) =>
      lines.map((line): uPlot.Series => {
        const stroke = theme.replica(group.color);
        return {
          label: line.label === "" ? group.name : `${group.name} ${line.label}`,
          stroke,
          width: 1.5,
          points: { show: false },
          ...(line.dash === undefined ? {} : { dash: line.dash }),
          ...(single && lines.length === 1 ? { fill: theme.faint(stroke, 0.12) } : {}),
        };
      }),
    );
    const axis = { stroke: text, font, grid, ticks: { show: false }, border: { show: false } };
    const options: uPlot.Options = {
      width: Math.max(120, this.#plot.clientWidth),
      height: Math.max(100, this.#plot.clientHeight),
      padding: [10, 8, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: false, y: false, setScale: false },
        sync: { key: "metrics" },
        points: { size: 7 },
        y: false,
      },
      scales: {
        x: { time: true, auto: false },
        y: { auto: true, range: (_chart, _min, max) => [0, this.#top(max)] },
      },
      axes: [
        {
          ...axis,
          size: TIME_AXIS,
          space: 70,
          values: (_chart, splits, _axis, _space, increment) => timeLabels(splits, increment < 60),
        },
        {
          ...axis,
          size: 76,
          space: 34,
          values: (_chart, splits) => splits.map((value) => (value === 0 ? "0" : format(value))),
          ...(increments === undefined ? {} : { incrs: [...increments] }),
        },
      ],
      series: [{}, ...series],
      hooks: {
        draw: [(chart) => this.#drawLimits(chart)],
        setCursor: [() => this.#showReadout()],
      },
    };
    const empty = [[], ...series.map(() => [])] as unknown as uPlot.AlignedData;
    this.#chart = new uPlot(options, empty, this.#plot);
    this.#listen(this.#chart);
  }

  /** Upper end of the scale. */
  #top(max: number | null): number {
    const highest = max ?? 0;
    const limit = Math.max(0, ...this.#limits.map(({ value }) => value));
    const inSight = limit > 0 && (this.#definition.showsLimit === true || highest > limit * 0.3);
    return Math.max(highest * 1.1, inSight ? limit * 1.06 : 0, this.#definition.increments?.[0] ?? 1);
  }

  #drawLimits(chart: uPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const { value, color } of this.#limits) {
      const y = Math.round(chart.valToPos(value, "y", true)) + 0.5;
      if (y >= bbox.top && y <= bbox.top + bbox.height) {
        ctx.strokeStyle = color;
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
      }
    }
    ctx.restore();
  }

  /** Shows the values under the pointer. */
  #showReadout(): void {
    const chart = this.#chart;
    const index = chart?.cursor.idx;
    const left = chart?.cursor.left ?? -1;
    const hovered = this.#plot.matches(":hover");
    const time = index === undefined || index === null ? undefined : this.#aligned.times[index];
    if (chart === undefined || index === undefined || index === null || time === undefined || left < 0 || !hovered) {
      this.#readout.hidden = true;
      return;
    }
    const { lines, format } = this.#definition;
    const rows = this.#groups.flatMap((group, position) =>
      lines.map((line, kind) => {
        const value = valueAt(this.#aligned.values[position * lines.length + kind], index);
        const swatch = el("span", { class: line.dash === undefined ? "swatch" : "swatch dashed" });
        swatch.style.setProperty("--color", this.#theme.replica(group.color));
        const name = line.label === "" ? group.name : `${group.name} ${line.label}`;
        return {
          value,
          element: el("div", {}, swatch, el("span", {}, name), el("b", {}, value === null ? "–" : format(value))),
        };
      }),
    );
    rows.sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
    const more = rows.length > 12 ? [el("div", { class: "more" }, `and ${rows.length - 12} more`)] : [];
    this.#readout.replaceChildren(
      el("div", { class: "when" }, new Date(time * 1_000).toLocaleTimeString("en-GB")),
      ...rows.slice(0, 12).map(({ element }) => element),
      ...more,
    );
    this.#readout.hidden = false;
    const over = chart.over.getBoundingClientRect();
    const box = this.element.getBoundingClientRect();
    const width = this.#readout.offsetWidth;
    const x = over.left - box.left + left;
    this.#readout.style.left = `${Math.max(4, x + 14 + width > box.width ? x - width - 14 : x + 14)}px`;
    this.#readout.style.top = `${over.top - box.top + 6}px`;
  }

  /** Dragging moves, the wheel zooms at the pointer. */
  #listen(chart: uPlot): void {
    const { over } = chart;
    let last: number | undefined;
    over.addEventListener("pointerdown", (event) => {
      if (event.button === 0) {
        last = event.clientX;
        over.setPointerCapture(event.pointerId);
        over.classList.add("dragging");
      }
    });
    over.addEventListener("pointermove", (event) => {
      if (last !== undefined && event.clientX !== last) {
        const seconds = ((last - event.clientX) / over.clientWidth) * this.#range.span;
        last = event.clientX;
        this.#events.onRange(pan(this.#range, seconds, this.#now));
      }
    });
    const stop = (): void => {
      last = undefined;
      over.classList.remove("dragging");
    };
    over.addEventListener("pointerup", stop);
    over.addEventListener("pointercancel", stop);
    over.addEventListener(
      "wheel",
      (event) => {
        const scroller = this.element.closest(".content");
        const scrolls = scroller !== null && scroller.scrollHeight > scroller.clientHeight;
        if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          event.preventDefault();
          this.#events.onRange(pan(this.#range, (event.deltaX / over.clientWidth) * this.#range.span, this.#now));
        } else if (!scrolls || event.ctrlKey || event.metaKey) {
          event.preventDefault();
          const share = event.offsetX / Math.max(1, over.clientWidth);
          const [from] = edges(this.#range, this.#now);
          const factor = event.deltaY > 0 ? ZOOM_STEP : 1 / ZOOM_STEP;
          this.#events.onRange(zoom(this.#range, factor, from + share * this.#range.span, this.#now));
        }
      },
      { passive: false },
    );
    over.addEventListener("pointerleave", () => {
      this.#readout.hidden = true;
    });
  }

  #onKey(event: KeyboardEvent): void {
    const range = this.#range;
    const [from, to] = edges(range, this.#now);
    const middle = (from + to) / 2;
    const next: Record<string, () => TimeRange> = {
      ArrowLeft: () => pan(range, -range.span * KEY_STEP, this.#now),
      ArrowRight: () => pan(range, range.span * KEY_STEP, this.#now),
      "+": () => zoom(range, 1 / ZOOM_STEP, middle, this.#now),
      "-": () => zoom(range, ZOOM_STEP, middle, this.#now),
      End: () => ({ span: range.span, to: undefined }),
    };
    const change = next[event.key];
    if (change !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.#events.onRange(change());
    }
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#plot;
    const chart = this.#chart;
    if (chart !== undefined && width > 0 && height > 0 && (width !== chart.width || height !== chart.height)) {
      chart.setSize({ width, height });
    }
  }
}

function timeLabels(splits: readonly number[], seconds: boolean): string[] {
  return splits.map((split) =>
    new Date(split * 1_000).toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      ...(seconds ? { second: "2-digit" } : {}),
    }),
  );
}

/** The value at an index or the one before that is still connected to it. */
function valueAt(column: readonly (number | null | undefined)[] | undefined, index: number): number | null {
  for (let at = index; at >= 0 && at > index - 10; at -= 1) {
    const value = column?.[at];
    if (value !== undefined) {
      return value;
    }
  }
  return null;
}
