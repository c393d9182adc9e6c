import {
  type CancellationToken,
  CancellationTokenSource,
  type CompletionItem,
  CompletionItemKind,
  type Connection,
  type Range,
} from "vscode-languageserver/node";
import type { CompletionContext } from "./completion-context";
import { LIVE_VALUES, type LiveValuesParams, LONGEST_WAIT_MS } from "./live-values-request";

/** More than anybody reads; a registry may list thousands. */
const MOST = 200;

/** Values that the editor's side knows of the engine and of registries; none when it is slow or fails. */
export async function liveItems(
  connection: Connection,
  { path, word }: CompletionContext,
  range: Range,
  token: CancellationToken,
): Promise<CompletionItem[]> {
  const asked = question(path, word);
  if (asked === undefined) {
    return [];
  }
  const values = await ask(connection, asked.params, token);
  return values
    .filter((value) => /^[\x21-\x7e]+$/.test(value))
    .slice(0, MOST)
    .map((value, at) => ({
      label: asked.prefix + value,
      kind: CompletionItemKind.Value,
      detail: asked.detail,
      sortText: `2${String(at).padStart(3, "0")}`,
      textEdit: { range, newText: asked.prefix + value },
    }));
}

interface Question {
  params: LiveValuesParams;
  /** Stands before each value. */
  prefix: string;
  detail: string;
}

function question(path: CompletionContext["path"], word: string): Question | undefined {
  if (path[0] !== "services") {
    return undefined;
  }
  if (path.at(-2) === "image" && path.at(-1) === "name") {
    const [, image] = /^([^@]+):[^/:@]*$/.exec(word) ?? [];
    return image === undefined
      ? { params: { kind: "images" }, prefix: "", detail: "an image that the engine has" }
      : { params: { kind: "tags", image }, prefix: `${image}:`, detail: "a tag that the registry lists" };
  }
  if (path.at(-2) === "env" && word.startsWith("$E:")) {
    return { params: { kind: "environment" }, prefix: "$E:", detail: "a variable of this machine" };
  }
  return undefined;
}

async function ask(connection: Connection, params: LiveValuesParams, token: CancellationToken): Promise<string[]> {
  const source = new CancellationTokenSource();
  const cancelled = token.onCancellationRequested(() => source.cancel());
  const timer = setTimeout(() => source.cancel(), LONGEST_WAIT_MS);
  const late = new Promise<string[]>((done) => source.token.onCancellationRequested(() => done([])));
  try {
    const answer = connection.sendRequest<unknown>(LIVE_VALUES, params, source.token);
    const values = await Promise.race([answer.catch(() => []), late]);
    return Array.isArray(values) ? values.filter((value) => typeof value === "string") : [];
  } finally {
    clearTimeout(timer);
    cancelled.dispose();
    source.dispose();
  }
}
