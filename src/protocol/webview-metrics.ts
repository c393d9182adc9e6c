import * as v from "valibot";
import { logTarget } from "./webview-logs";
import { count, numberColumn, shortText } from "./webview-message";

/** What a metrics panel shows: a deployment (no service), one of its services, or one replica of a service. */
export const metricsTarget = logTarget;
export type MetricsTarget = v.InferOutput<typeof metricsTarget>;

/** What is measured, and in which unit. */
export const METRICS = ["cpu", "memory", "rx", "tx", "read", "write"] as const;
export type Metric = (typeof METRICS)[number];

/** A large array of numbers, `null` where there is none. */
const valueColumn = v.custom<(number | null)[]>(
  (value) =>
    Array.isArray(value) && value.every((item) => item === null || (typeof item === "number" && Number.isFinite(item))),
  "Expected an array of numbers",
);

/** Points of one container by column, in order of time. A `null` breaks the line: the value is not known then. */
export const metricsPoints = v.pipe(
  v.strictObject({
    /** Milliseconds since the Unix epoch. */
    times: numberColumn,
    /** Millicores. */
    cpu: valueColumn,
    /** Bytes. */
    memory: valueColumn,
    /** Bytes a second. */
    rx: valueColumn,
    tx: valueColumn,
    read: valueColumn,
    write: valueColumn,
  }),
  v.check(
    (points) => METRICS.every((metric) => points[metric].length === points.times.length),
    "Columns of different length",
  ),
);
export type MetricsPoints = v.InferOutput<typeof metricsPoints>;

export const metricsContainer = v.strictObject({
  /** Container id. */
  id: shortText,
  service: shortText,
  replica: count,
  /** Position in the palette of replica colours. */
  color: count,
  /** Millicores; `null` when there is no limit. */
  cpuLimit: v.nullable(count),
  /** Bytes; `null` when there is no limit. */
  memoryLimit: v.nullable(count),
  points: metricsPoints,
});
export type MetricsContainer = v.InferOutput<typeof metricsContainer>;

export const metricsConnection = v.picklist(["connecting", "waiting", "live", "lost"]);

/** From the extension host to the metrics panel. */
export const metricsHostMessage = v.variant("type", [
  v.strictObject({
    type: v.literal("init"),
    target: metricsTarget,
    title: shortText,
  }),
  /** All that is known, instead of what was sent before. */
  v.strictObject({ type: v.literal("history"), containers: v.array(metricsContainer) }),
  /** Points that follow those sent before. A container that is new comes whole. */
  v.strictObject({ type: v.literal("points"), containers: v.array(metricsContainer) }),
  v.strictObject({
    type: v.literal("status"),
    connection: metricsConnection,
    /** What the panel waits for or what went wrong, for the user; empty when all is well. */
    message: shortText,
    /** What this engine cannot tell, for the user; empty when it tells everything. */
    limitation: shortText,
  }),
]);
export type MetricsHostMessage = v.InferOutput<typeof metricsHostMessage>;

/** From the metrics panel to the extension host. */
export const metricsViewMessage = v.variant("type", [
  /** The panel was (re)created and holds nothing. */
  v.strictObject({ type: v.literal("ready") }),
  /** The panel dropped a message that did not match its schema. */
  v.strictObject({ type: v.literal("problem"), problem: shortText }),
]);
export type MetricsViewMessage = v.InferOutput<typeof metricsViewMessage>;

export const metricsGrouping = v.picklist(["replica", "service"]);
export type MetricsGrouping = v.InferOutput<typeof metricsGrouping>;

/** What the panel keeps across a tab switch and a reload of the window. */
export const metricsViewState = v.object({
  target: metricsTarget,
  grouping: metricsGrouping,
  /** Seconds in sight. */
  span: v.pipe(v.number(), v.minValue(10), v.maxValue(3_600)),
  table: v.boolean(),
  /** Lines that are switched off, by name. */
  hidden: v.array(shortText),
});
export type MetricsViewState = v.InferOutput<typeof metricsViewState>;
