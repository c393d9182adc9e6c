import {
  type CancellationToken,
  CancellationTokenSource,
  type CompletionItem,
  CompletionItemKind,
  type Connection,
  type Range,
} from "vscode-languageserver/node";
import type { CompletionContext } from "./completion-context";
import type { ServerContext } from "./feature";
import { LIVE_VALUES, type LiveValuesParams, LONGEST_WAIT_MS } from "./live-values-request";
import { type UsedNames, usedNames } from "./used-names";

/** More than anybody reads; a registry may list thousands. */
const MOST = 200;
/** What people name as they like, so that YAML may read it as something else. */
const CHOSEN: ReadonlySet<LiveValuesParams["kind"]> = new Set(["node-labels", "gpu-models"]);
const WORD = /^[\x21-\x7e]+$/;
const PRINTABLE = /^[\x20-\x7e]+$/;

/** Values that open specs use, and those that the editor's side knows of engines and registries; none of these when it is slow or fails. */
export async function liveItems(
  { connection, documents, client }: ServerContext,
  context: CompletionContext,
  range: Range,
  token: CancellationToken,
): Promise<CompletionItem[]> {
  const asked = question(context.path, context.word);
  if (asked === undefined) {
    return [];
  }
  const { params, prefix, detail } = asked;
  const used = namesFor(params, usedNames(documents.specs()));
  const told = client.hasLiveValues ? await ask(connection, params, token) : [];
  const isKey = context.kind === "key";
  return (
    [...new Set([...told, ...used])]
      .filter((value) => (params.kind === "gpu-models" ? PRINTABLE : WORD).test(value))
      // What is being written is no help, and a key that is there is not wanted twice.
      .filter((value) => prefix + value !== context.word && !context.siblings.includes(value))
      .slice(0, MOST)
      .map((value, at) => {
        const written = prefix + value;
        return {
          // The name of an image can be long, and stands before the cursor already.
          label: params.kind === "tags" ? value : written,
          filterText: written,
          kind: isKey ? CompletionItemKind.Property : CompletionItemKind.Value,
          detail,
          sortText: `2${String(at).padStart(3, "0")}`,
          textEdit: { range, newText: (CHOSEN.has(params.kind) ? quoted(written) : written) + (isKey ? ": " : "") },
        };
      })
  );
}

/** What specs that are open name already. */
function namesFor(params: LiveValuesParams, used: UsedNames): Iterable<string> {
  switch (params.kind) {
    case "secrets":
      return used.secrets;
    case "node-labels":
      return params.label === undefined ? used.labels.keys() : (used.labels.get(params.label) ?? []);
    case "gpu-models":
      return used.gpuModels;
    default:
      return [];
  }
}

/** As a value that is read as this text. */
function quoted(text: string): string {
  const isPlain = /^[A-Za-z$][\w$:/@. -]*$/.test(text) && !/: |^(true|false|yes|no|on|off|null|y|n)$/i.test(text);
  return isPlain || /^[\w./-]+:[\w.-]+$/.test(text) ? text : JSON.stringify(text);
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
  if (path.at(-2) === "env" && word.startsWith("$S:")) {
    return { params: { kind: "secrets" }, prefix: "$S:", detail: "a secret" };
  }
  const labels = path.indexOf("node_selector") + 1;
  if (labels > 0 && (path[labels] === "labels" || path[labels] === "prefer_labels")) {
    const label = path[labels + 1];
    return typeof label === "string"
      ? { params: { kind: "node-labels", label }, prefix: "", detail: `a node's ${label}` }
      : { params: { kind: "node-labels" }, prefix: "", detail: "a label of nodes" };
  }
  if (path.at(-2) === "gpu" && path.at(-1) === "model") {
    return { params: { kind: "gpu-models" }, prefix: "", detail: "a GPU model" };
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
