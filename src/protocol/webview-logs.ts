import * as v from "valibot";
import { count, numberColumn, shortText, stringColumn } from "./webview-message";

/** What a log pane shows: a deployment (no service), one of its services, or one replica of a service. */
export const logTarget = v.strictObject({
  deployment: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  service: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
  /** Container id. */
  replica: v.exactOptional(v.pipe(v.string(), v.minLength(1), v.maxLength(255))),
});
export type LogTarget = v.InferOutput<typeof logTarget>;

export const logSince = v.variant("kind", [
  v.strictObject({ kind: v.literal("all") }),
  /** That many seconds before the pane opens the logs. */
  v.strictObject({ kind: v.literal("ago"), seconds: v.pipe(count, v.minValue(1)) }),
  /** Milliseconds since the Unix epoch. */
  v.strictObject({ kind: v.literal("at"), timeMs: count }),
]);
export type LogSince = v.InferOutput<typeof logSince>;

export const logStreams = v.picklist(["all", "stdout", "stderr"]);
export type LogStreams = v.InferOutput<typeof logStreams>;

/** Which lines the engine is asked for. A change starts the pane afresh. */
export const logOptions = v.strictObject({
  since: logSince,
  /** Lines before the live ones, of each replica; `null`: as many as the pane holds. */
  tail: v.nullable(v.pipe(count, v.minValue(1))),
  streams: logStreams,
});
export type LogOptions = v.InferOutput<typeof logOptions>;

export const defaultLogOptions: LogOptions = { since: { kind: "all" }, tail: 1_000, streams: "all" };

/** What a row is. `Notice`: something about the logs ("web/2 was removed"). `Skipped`: lines that are not shown. */
export const RowKind = { Stdout: 0, Stderr: 1, Notice: 2, Skipped: 3 } as const;
export type RowKind = (typeof RowKind)[keyof typeof RowKind];

/** A replica whose lines are in the pane. */
export const logReplica = v.strictObject({
  /** Number that the rows use for this replica. */
  index: count,
  /** `web/0` */
  name: shortText,
  /** Position in the palette of replica colours. */
  color: count,
  state: v.picklist(["connecting", "following", "retrying", "removed"]),
});
export type LogReplica = v.InferOutput<typeof logReplica>;

/** Rows by column, which is several times smaller and faster to check than one object a row. */
const appendRows = v.pipe(
  v.strictObject({
    type: v.literal("append"),
    /** Lines between the last batch and this one that left the host before the pane asked for them. */
    missed: count,
    kinds: numberColumn,
    /** `LogReplica.index`; -1 for a notice about the whole pane. */
    replicas: numberColumn,
    /** Milliseconds since the Unix epoch; 0 when the engine gave no time stamp. */
    times: numberColumn,
    texts: stringColumn,
    /** How many lines each row stands for: 1, the number of skipped lines, or 0 for a notice. */
    weights: numberColumn,
  }),
  v.check(
    (batch) =>
      batch.replicas.length === batch.kinds.length &&
      batch.times.length === batch.kinds.length &&
      batch.texts.length === batch.kinds.length &&
      batch.weights.length === batch.kinds.length,
    "Columns of different length",
  ),
);
export type AppendRows = v.InferOutput<typeof appendRows>;

export const logConnection = v.picklist(["connecting", "waiting", "live", "lost"]);
export type LogConnection = v.InferOutput<typeof logConnection>;

/** From the extension host to the log pane. */
export const logsHostMessage = v.variant("type", [
  v.strictObject({
    type: v.literal("init"),
    target: logTarget,
    title: shortText,
    /** Rows that the pane may hold. */
    capacity: v.pipe(count, v.minValue(1)),
    options: logOptions,
  }),
  /** Forget all rows. */
  v.strictObject({ type: v.literal("reset") }),
  v.strictObject({ type: v.literal("replicas"), replicas: v.array(logReplica) }),
  appendRows,
  v.strictObject({
    type: v.literal("status"),
    connection: logConnection,
    /** What the pane waits for or what went wrong, for the user; empty when all is well. */
    message: shortText,
    /** Lines received that the pane has not asked for yet. */
    behind: count,
  }),
]);
export type LogsHostMessage = v.InferOutput<typeof logsHostMessage>;

/** From the log pane to the extension host. */
export const logsViewMessage = v.variant("type", [
  /** The pane was (re)created and holds nothing. */
  v.strictObject({ type: v.literal("ready") }),
  /** The pane can take one more batch of rows. Answered when there are any. */
  v.strictObject({ type: v.literal("more") }),
  v.strictObject({ type: v.literal("options"), options: logOptions }),
  v.strictObject({ type: v.literal("clear") }),
  /** Save all lines of the target, from the engine, to a file that the user picks. */
  v.strictObject({ type: v.literal("save"), timestamps: v.boolean() }),
  /** The pane dropped a message that did not match its schema. */
  v.strictObject({ type: v.literal("problem"), problem: shortText }),
]);
export type LogsViewMessage = v.InferOutput<typeof logsViewMessage>;

/** What the pane keeps across a tab switch and a reload of the window. */
export const logsViewState = v.object({
  target: logTarget,
  options: logOptions,
  filter: v.pipe(v.string(), v.maxLength(1_000)),
  timestamps: v.boolean(),
  wrap: v.boolean(),
  paused: v.boolean(),
});
export type LogsViewState = v.InferOutput<typeof logsViewState>;
