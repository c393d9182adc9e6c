import type { components } from "../../protocol/sidecar.generated";
import { describeEndpoint, type Endpoint } from "./endpoint";

export type SpecProblem = components["schemas"]["SpecProblem"];

/** An engine's refusal of a request, or its report of a failure in the middle of a stream. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param message what failed and why, for the user
   * @param status HTTP status; 0 for a failure within a stream
   * @param code stable, kebab-case: `not-found`, `invalid-spec`, …; `http-<status>` where the engine gave none
   * @param remedy what to do next, where the engine knows it
   * @param problems all problems of a refused spec
   */
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly remedy?: string,
    readonly problems: readonly SpecProblem[] = [],
  ) {
    super(message);
  }
}

/** Nothing answered, or the connection broke. `cause` is the system's error. */
export class EngineUnreachable extends Error {
  override readonly name = "EngineUnreachable";

  constructor(
    readonly endpoint: Endpoint,
    override readonly cause: unknown,
  ) {
    super(`Cannot reach the engine at ${describeEndpoint(endpoint)}: ${connectionTrouble(cause)}`);
  }
}

function connectionTrouble(cause: unknown): string {
  switch (errorCode(cause)) {
    case "ENOENT":
      return "the socket does not exist; nothing is running there.";
    case "ECONNREFUSED":
      return "nothing is listening there.";
    case "EACCES":
    case "EPERM":
      return "this user may not open the socket.";
    case "ENOTFOUND":
      return "the host name is not known.";
    case "ECONNRESET":
    case "EPIPE":
      return "the connection was closed.";
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

/** The system's code of an error (`ENOENT`), when it has one. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** True for what an aborted `AbortSignal` makes of a running call. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/**
 * Makes an error of the body of an answer that is not 2xx. The sidecar sends `ErrorBody`; of other shapes, the field
 * that holds a sentence is taken (`error`, `message`, `detail`, or an object below `error`), else the text as it is.
 *
 * @param body parsed JSON, or text
 */
export function readError(status: number, body: unknown): ApiError {
  const fields = isRecord(body) ? body : {};
  const nested = isRecord(fields["error"]) ? fields["error"] : fields;
  const sentence = [fields["error"], nested["message"], nested["detail"], nested["error"], body].find(
    (value): value is string => typeof value === "string" && value.trim() !== "",
  );
  const code = [nested["code"], nested["kind"]].find((value): value is string => typeof value === "string");
  const problems = Array.isArray(fields["problems"]) ? fields["problems"].filter(isProblem) : [];
  const remedy = typeof fields["remedy"] === "string" ? fields["remedy"] : undefined;
  return new ApiError(
    sentence?.trim().slice(0, 2000) ?? `The engine answered with status ${status}.`,
    status,
    code ?? `http-${status}`,
    remedy,
    problems,
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isProblem(value: unknown): value is SpecProblem {
  return (
    isRecord(value) &&
    typeof value["message"] === "string" &&
    typeof value["path"] === "string" &&
    ["line", "column", "endLine", "endColumn"].every((key) => Number.isInteger(value[key]))
  );
}
