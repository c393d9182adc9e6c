import { posix } from "node:path";
import { type Disposable, TabInputText, type TextDocument, window, workspace } from "vscode";
import { suggestPrice } from "../bridge/market/price";
import { capacityOf } from "../bridge/market-desk/places";
import { type SpecNeeds, specNeeds, UnpostableSpec } from "../bridge/market-desk/spec-needs";
import type { DraftState } from "../protocol/market-messages";
import { isSpecName } from "../protocol/spec-name";
import type { LoadedMarket } from "./market-host";
import { chooseSpec, isSpec } from "./spec-files";

/** The spec that may be posted: the one in front, else the last that was, else the one that is chosen. */
export class MarketDraft implements Disposable {
  readonly #market: LoadedMarket;
  readonly #tell: (draft: DraftState) => void;
  readonly #disposables: Disposable[];
  #document: TextDocument | undefined;
  #spec: { readonly needs: SpecNeeds; readonly content: Uint8Array } | undefined;

  constructor(market: LoadedMarket, tell: (draft: DraftState) => void) {
    this.#market = market;
    this.#tell = tell;
    this.#document = specInFront();
    this.#disposables = [
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined && isSpec(editor.document)) {
          this.#document = editor.document;
          this.read();
        }
      }),
      workspace.onDidChangeTextDocument(({ document }) => document === this.#document && this.read()),
    ];
  }

  /** What would be posted, as it stands in the editor. */
  get spec(): { readonly needs: SpecNeeds; readonly content: Uint8Array } | undefined {
    return this.#spec;
  }

  dispose(): void {
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  async choose(): Promise<void> {
    const document = await chooseSpec();
    if (document !== undefined) {
      this.#document = document;
      this.read();
    }
  }

  /** Finds a spec where none was in front: panels may hide it. */
  async find(): Promise<void> {
    const tab = window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .find(({ input }) => input instanceof TabInputText && isSpecName(posix.basename(input.uri.path)));
    if (this.#document === undefined && tab?.input instanceof TabInputText) {
      this.#document = await workspace.openTextDocument(tab.input.uri);
    }
    this.read();
  }

  /** Reads the spec and tells what it needs. */
  read(): void {
    const document = this.#document;
    this.#spec = undefined;
    if (document === undefined || !isSpec(document)) {
      this.#tell({ kind: "none" });
      return;
    }
    const spec = workspace.asRelativePath(document.uri).slice(0, 1_000);
    const text = document.getText();
    try {
      const needs = specNeeds(text);
      this.#spec = { needs, content: new TextEncoder().encode(text) };
      this.#tell({ kind: "ready", spec, ...describe(needs), ...this.#storage(), suggestion: this.#suggestion(needs) });
    } catch (error) {
      if (!(error instanceof UnpostableSpec)) {
        throw error;
      }
      this.#tell({ kind: "invalid", spec, problem: error.message.slice(0, 1_000) });
    }
  }

  #storage(): { storage: string; storageProblem: string } {
    try {
      const { place, reachable } = this.#market.publisher();
      const network = this.#market.hub.client?.network;
      const refused = !reachable && network !== undefined && !network.isDevnet;
      const problem = "No node could fetch the spec: set zlayer.ipfs.api to an IPFS node that pins it.";
      return { storage: place, storageProblem: refused ? problem : "" };
    } catch (error) {
      return { storage: "", storageProblem: error instanceof Error ? error.message.slice(0, 1_000) : String(error) };
    }
  }

  #suggestion(needs: SpecNeeds): Extract<DraftState, { kind: "ready" }>["suggestion"] {
    const { client, parameters } = this.#market.hub;
    if (client === undefined || parameters === undefined) {
      return null;
    }
    const capacity = capacityOf({ ...needs, gpuModel: "", region: "", labels: 0 });
    const found = suggestPrice(client.store, capacity, parameters, this.#market.hub.now);
    return found === undefined
      ? null
      : { rate: String(found.typical), low: String(found.low), high: String(found.high), jobs: found.jobs };
  }
}

function describe(
  needs: SpecNeeds,
): Pick<
  Extract<DraftState, { kind: "ready" }>,
  "deployment" | "millicores" | "mebibytes" | "gpus" | "gpuModel" | "services" | "notes"
> {
  const { deployment, millicores, mebibytes, gpus, services, notes } = needs;
  return {
    deployment,
    millicores,
    mebibytes,
    gpus,
    gpuModel: "",
    services: services.slice(0, 200),
    notes: notes.slice(0, 50),
  };
}

function specInFront(): TextDocument | undefined {
  const active = window.activeTextEditor?.document;
  return active !== undefined && isSpec(active)
    ? active
    : window.visibleTextEditors.map(({ document }) => document).find(isSpec);
}
