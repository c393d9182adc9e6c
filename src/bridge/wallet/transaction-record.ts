import * as v from "valibot";
import type { Address, Hash } from "viem";
import { isAddress, isHash } from "viem";

const hash = v.custom<Hash>((value) => typeof value === "string" && isHash(value), "Expected a transaction hash");
const address = v.custom<Address>(
  (value) => typeof value === "string" && isAddress(value, { strict: false }),
  "Expected an address",
);
const text = v.pipe(v.string(), v.maxLength(2_000));
/** A whole number too large for JSON's numbers. */
const digits = v.pipe(v.string(), v.regex(/^\d{1,78}$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is known of a transaction that the wallet sent. */
export const transactionState = v.variant("kind", [
  v.strictObject({ kind: v.literal("pending") }),
  v.strictObject({
    kind: v.literal("confirmed"),
    block: digits,
    /** What it cost, without what it sent, in wei. */
    costWei: digits,
    /** Deep enough that no re-organisation of the chain is expected to undo it. */
    final: v.boolean(),
  }),
  v.strictObject({ kind: v.literal("failed"), block: digits, costWei: digits, reason: text, final: v.boolean() }),
  /** Another transaction took its place in the account's order. */
  v.strictObject({
    kind: v.literal("replaced"),
    how: v.picklist(["repriced", "cancelled", "other"]),
    by: v.exactOptional(hash),
  }),
  /** The network forgot it: nothing happened and nothing was paid. */
  v.strictObject({ kind: v.literal("dropped") }),
]);
export type TransactionState = v.InferOutput<typeof transactionState>;

export const transactionRecord = v.strictObject({
  hash,
  chainId: count,
  from: address,
  to: v.nullable(address),
  /** What it does: "Post job". */
  title: text,
  fields: v.pipe(v.array(v.strictObject({ label: text, value: text })), v.maxLength(100)),
  /** Milliseconds since the Unix epoch. */
  sentAt: count,
  /** Its number in the account's order, once the network has told it. */
  nonce: v.exactOptional(count),
  state: transactionState,
});
export type TransactionRecord = v.InferOutput<typeof transactionRecord>;

/** Whether something may still become of it. */
export function isUnsettled({ state }: TransactionRecord): boolean {
  return state.kind === "pending" || ((state.kind === "confirmed" || state.kind === "failed") && !state.final);
}
