import { readFile } from "node:fs/promises";
import { type Disposable, EventEmitter, RelativePattern, workspace } from "vscode";
import { thisMachine } from "../bridge/operator/detect";
import { gpuModels } from "../bridge/operator/gpu-models";
import { nodeLabels, nodeSizes } from "../bridge/spec/node-facts";
import { registryTags } from "../bridge/spec/registry-tags";
import type { KnownNode } from "../language/known-nodes";
import { type LiveValuesParams, LONGEST_WAIT_MS } from "../language/live-values-request";
import type { UsedNames } from "../language/used-names";
import { SPEC_GLOB } from "../protocol/spec-name";
import type { EngineHost } from "./engine-host";

/** Specs of the workspace that are read for names, and the most bytes of one. */
const READ_MAX = 100;
const LONGEST_SPEC = 256 * 1024;

/**
 * What only this side knows and a spec may name. Nothing is started for it, and an untrusted workspace gets nothing: its specs
 * would choose the registry that is asked.
 *
 * @throws whatever keeps the engine or the registry from answering
 */
export async function liveValues(host: EngineHost, asked: LiveValuesParams, signal: AbortSignal): Promise<string[]> {
  const { status } = host;
  if (!workspace.isTrusted) {
    return [];
  }
  const client = status.kind === "connected" ? status.client : undefined;
  switch (asked.kind) {
    case "images":
      return (await client?.images({ signal }))?.map(({ reference }) => reference) ?? [];
    case "tags":
      return await registryTags(asked.image, AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT_MS)]));
    case "environment":
      // The sidecar inherits these; another engine has its own.
      return host.supervisor === undefined ? [] : Object.keys(process.env).sort();
    case "secrets":
      return await together(
        client?.secrets({ signal }).then((secrets) => secrets.map(({ name }) => name)),
        workspaceNames().then(({ secrets }) => secrets),
      );
    case "node-labels":
      return await together(
        client === undefined ? undefined : nodeLabels(client, asked.label, { signal }),
        workspaceNames().then(({ labels }) =>
          asked.label === undefined ? labels.keys() : (labels.get(asked.label) ?? []),
        ),
      );
    case "gpu-models":
      return await together(
        gpuModels(),
        workspaceNames().then((used) => used.gpuModels),
        // What jobs on the market may ask for.
        import("../bridge/market-desk/places").then(({ GPU_MODELS }) => GPU_MODELS),
      );
  }
}

/** All of these, each once, in this order. A source that fails adds nothing: not every engine serves every list. */
async function together(...sources: (Promise<Iterable<string>> | undefined)[]): Promise<string[]> {
  const answers = await Promise.all(sources.map((source) => source?.catch(() => []) ?? []));
  return [...new Set(answers.flatMap((answer) => [...answer]))];
}

/** The names that the workspace's specs use, as they are on the disk. */
async function workspaceNames(): Promise<UsedNames> {
  const { usedNamesOf } = await import("../language/used-names");
  const found = await Promise.all(
    (workspace.workspaceFolders ?? []).map((folder) =>
      workspace.findFiles(new RelativePattern(folder, `**/${SPEC_GLOB}`), "**/node_modules/**", READ_MAX),
    ),
  );
  const texts = await Promise.all(
    found
      .flat()
      .filter(({ scheme }) => scheme === "file")
      .map(({ fsPath }) => readFile(fsPath, "utf8").catch(() => "")),
  );
  return usedNamesOf(texts.filter(({ length }) => length <= LONGEST_SPEC));
}

/** The nodes whose size is known: this machine while its own sidecar is connected, and those that the engine lists. */
export class KnownNodes implements Disposable {
  readonly #host: EngineHost;
  readonly #changed = new EventEmitter<void>();
  readonly #subscription: Disposable;
  #nodes: KnownNode[] = [];
  #asked = 0;

  readonly onDidChange = this.#changed.event;

  constructor(host: EngineHost) {
    this.#host = host;
    this.#subscription = host.onDidChangeStatus(() => void this.#refresh());
    void this.#refresh();
  }

  get all(): KnownNode[] {
    return this.#nodes;
  }

  async #refresh(): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const { status, supervisor } = this.#host;
    let nodes: KnownNode[] = [];
    if (status.kind === "connected") {
      const listed = nodeSizes(status.client).catch(() => []);
      if (supervisor !== undefined) {
        const { cores, memory, gpus } = await thisMachine();
        nodes.push({ name: "this machine", cpu: cores, memory, gpus });
      }
      nodes = [...nodes, ...(await listed)];
    }
    // A later answer counts, whichever comes first.
    if (asked === this.#asked) {
      this.#nodes = nodes;
      this.#changed.fire();
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
