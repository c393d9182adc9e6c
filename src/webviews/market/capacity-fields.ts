import type { CapacityRow } from "../../protocol/market-rows";
import { el } from "../shared/dom";
import { CheckField, ChoiceField, TextField, wholeNumber } from "./fields";
import { formMemory } from "./form-memory";
import type { Shell } from "./page";

const CORE = 1_000;

/** The fields that describe a capacity. */
export class CapacityFields {
  readonly element: HTMLElement;
  readonly #cores: TextField<number>;
  readonly #memory: TextField<number>;
  readonly #gpus: TextField<number>;
  readonly #model: ChoiceField;
  readonly #region: ChoiceField;
  readonly #labels: readonly { readonly bit: number; readonly field: CheckField }[];
  #suggested = "";

  constructor(shell: Shell, onInput: () => void) {
    const { init } = shell.model;
    const memory = formMemory(shell, "node");
    const number = (key: string, label: string, unit: string, least: number, most: number): TextField<number> =>
      new TextField({ key, label, unit, value: "", read: wholeNumber(least, most), onInput }, memory);
    this.#cores = number("millicores", "Processor", `thousandths of a core`, 1, 4_000 * CORE);
    this.#memory = number("mebibytes", "Memory", "MiB", 1, 0xffff_ffff);
    this.#gpus = number("gpus", "GPUs", "", 0, 255);
    const unknown = { value: "", label: "Not said" };
    this.#model = new ChoiceField(
      {
        key: "gpuModel",
        label: "GPU model",
        choices: [unknown, ...init.gpuModels.map((name) => ({ value: name, label: name }))],
        value: "",
        onInput,
      },
      memory,
    );
    this.#region = new ChoiceField(
      {
        key: "region",
        label: "Region",
        choices: [unknown, ...init.regions.map(({ code, name }) => ({ value: code, label: name }))],
        value: "",
        onInput,
      },
      memory,
    );
    this.#labels = init.labels.map(({ bit, name }) => ({
      bit,
      field: new CheckField({ key: `label${bit}`, label: name, on: false, onInput }, memory),
    }));
    this.element = el(
      "div",
      {},
      el(
        "div",
        { class: "fields" },
        this.#cores.element,
        this.#memory.element,
        this.#gpus.element,
        this.#model.element,
        this.#region.element,
      ),
      el(
        "div",
        { class: "checks", role: "group", "aria-label": "It has" },
        ...this.#labels.map(({ field }) => field.element),
      ),
    );
  }

  get value(): CapacityRow | undefined {
    const [millicores, mebibytes, gpus] = [this.#cores.value, this.#memory.value, this.#gpus.value];
    this.#model.element.hidden = gpus === 0 || gpus === undefined;
    if (millicores === undefined || mebibytes === undefined || gpus === undefined) {
      return undefined;
    }
    return {
      millicores,
      mebibytes,
      gpus,
      gpuModel: gpus === 0 ? "" : this.#model.value,
      region: this.#region.value,
      labels: this.#labels.reduce((bits, { bit, field }) => bits | (field.on ? 1 << bit : 0), 0),
    };
  }

  /** Puts values there that the user has not written. */
  suggest(capacity: CapacityRow | undefined): void {
    const shape = JSON.stringify(capacity);
    if (capacity !== undefined && shape !== this.#suggested) {
      this.#suggested = shape;
      this.#cores.suggest(String(capacity.millicores));
      this.#memory.suggest(String(capacity.mebibytes));
      this.#gpus.suggest(String(capacity.gpus));
      this.#choose(capacity);
    }
  }

  fill(capacity: CapacityRow): void {
    this.#cores.fill(String(capacity.millicores));
    this.#memory.fill(String(capacity.mebibytes));
    this.#gpus.fill(String(capacity.gpus));
    this.#choose(capacity);
  }

  #choose(capacity: CapacityRow): void {
    if (capacity.gpuModel !== "") {
      this.#model.suggest(capacity.gpuModel);
    }
    if (capacity.region !== "") {
      this.#region.suggest(capacity.region);
    }
    for (const { bit, field } of this.#labels) {
      field.set((capacity.labels & (1 << bit)) !== 0);
    }
  }
}
