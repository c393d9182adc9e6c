import * as v from "valibot";

/** A message that passed its schema, or the reason why it did not. */
export type ParsedMessage<T> = { ok: true; message: T } | { ok: false; problem: string };

/**
 * Checks a message that crossed the border between the extension host and a webview. Both sides treat the other as hostile:
 * what does not match the schema is never acted upon.
 */
export function parseMessage<S extends v.GenericSchema>(schema: S, value: unknown): ParsedMessage<v.InferOutput<S>> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) {
    return { ok: true, message: result.output };
  }
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  return { ok: false, problem: path === null ? issue.message : `${path}: ${issue.message}` };
}

/** A large array of finite numbers; checked without an allocation per element. */
export const numberColumn = v.custom<number[]>(
  (value) => Array.isArray(value) && value.every((item) => typeof item === "number" && Number.isFinite(item)),
  "Expected an array of numbers",
);

/** A large array of strings; checked without an allocation per element. */
export const stringColumn = v.custom<string[]>(
  (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
  "Expected an array of strings",
);

/** A whole number from 0 on. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A name or a short sentence. */
export const shortText = v.pipe(v.string(), v.maxLength(1_000));
