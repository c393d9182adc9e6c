import type { BidPolicyRow } from "../../protocol/market-operator";
import { editableAmount, hourly, parseAmount } from "../../protocol/money";
import { el, icon } from "../shared/dom";
import { CheckField, decimalNumber, TextField } from "./fields";
import { formMemory } from "./form-memory";
import {
  emptyState,
  type Page,
  ReasonedButton,
  renderWhenChanged,
  type Shell,
  section,
  WorkLine,
  walletObstacle,
} from "./page";

const HOUR = 3_600n;
const CORE = 1_000n;
const GIB = 1_024n;

/** The rules by which the node bids by itself. */
export class PolicyPage implements Page {
  readonly element = el("div", { class: "form-page" });
  readonly #shell: Shell;
  readonly #blank = el("div", { class: "blank" });
  readonly #form: HTMLElement;
  readonly #status = el("p", { class: "policy-status", role: "status" });
  readonly #enabled: CheckField;
  readonly #core: TextField<bigint>;
  readonly #memory: TextField<bigint>;
  readonly #gpu: TextField<bigint>;
  readonly #margin: TextField<number>;
  readonly #lock: TextField<number>;
  readonly #hours: TextField<number>;
  readonly #validity: TextField<number>;
  readonly #covered: CheckField;
  readonly #labels: readonly { readonly bit: number; readonly field: CheckField }[];
  readonly #save: ReasonedButton;
  readonly #work: WorkLine;
  #loaded = "";

  constructor(shell: Shell) {
    this.#shell = shell;
    const memory = formMemory(shell, "policy");
    const onInput = (): void => this.update();
    const price = (key: string, label: string, unit: string, per: bigint): TextField<bigint> =>
      new TextField({ key, label, unit, value: "0", read: (text) => parseAmount(text) / HOUR / per, onInput }, memory);
    const number = (
      key: string,
      label: string,
      unit: string,
      value: string,
      least: number,
      most: number,
    ): TextField<number> =>
      new TextField({ key, label, unit, value, read: decimalNumber(least, most), onInput }, memory);
    this.#enabled = new CheckField(
      { key: "enabled", label: "Bid by itself while this window is open", on: false, onInput },
      memory,
    );
    this.#core = price("core", "Floor for a core", "OTT an hour", CORE);
    this.#memory = price("memory", "Floor for a GiB of memory", "OTT an hour", GIB);
    this.#gpu = price("gpu", "Floor for a GPU", "OTT an hour", 1n);
    this.#margin = number("margin", "Margin on top", "percent", "20", 0, 1_000);
    this.#lock = number("lock", "One job may hold of the stake at most", "percent", "50", 0.01, 100);
    this.#hours = number("hours", "Longest job", "hours, 0 for any", "0", 0, 8_760);
    this.#validity = number("validity", "A bid stands for", "minutes", "60", 1, 43_200);
    this.#covered = new CheckField(
      { key: "covered", label: "Also bid for jobs that hold reputation", on: true, onInput },
      memory,
    );
    this.#labels = shell.model.init.labels.map(({ bit, name }) => ({
      bit,
      field: new CheckField({ key: `label${bit}`, label: name, on: false, onInput }, memory),
    }));
    this.#save = new ReasonedButton("Save Policy", "primary", () => {
      const policy = this.#read();
      if (policy !== undefined) {
        shell.post({ type: "node", action: { kind: "setPolicy", policy } });
      }
    });
    this.#work = new WorkLine(shell.model);
    this.#form = el(
      "div",
      { class: "form" },
      el("h2", {}, "Bid by policy"),
      el(
        "p",
        { class: "lead" },
        "The price of a job is the floor of what it needs, and the margin. Your node bids that for each open job that fits, unless it is above what the developer pays.",
      ),
      this.#status,
      this.#enabled.element,
      section(
        "Price",
        el(
          "div",
          { class: "fields" },
          this.#core.element,
          this.#memory.element,
          this.#gpu.element,
          this.#margin.element,
        ),
      ),
      section(
        "Limits",
        el("div", { class: "fields" }, this.#lock.element, this.#hours.element, this.#validity.element),
        this.#covered.element,
      ),
      section(
        "Only jobs that ask for",
        el("p", { class: "hint" }, "Keep a special machine for those who need what it has. None ticked: any job."),
        el(
          "div",
          { class: "checks", role: "group", "aria-label": "Only jobs that ask for" },
          ...this.#labels.map(({ field }) => field.element),
        ),
      ),
      el("div", { class: "pay" }, this.#save.element, this.#work.element),
    );
    this.element.append(this.#blank, this.#form);
  }

  update(): void {
    const { model } = this.#shell;
    const policy = model.policy;
    const loading =
      policy === undefined
        ? { icon: "loading", busy: true, title: "Reading the policy", text: "This takes a moment." }
        : undefined;
    const empty = walletObstacle(this.#shell) ?? loading;
    this.#blank.hidden = empty === undefined;
    this.#form.hidden = empty !== undefined;
    renderWhenChanged(this.#blank, JSON.stringify(empty ?? null), () =>
      empty === undefined ? [] : [emptyState(empty)],
    );
    if (policy === undefined) {
      return;
    }
    this.#load(policy.policy);
    renderWhenChanged(this.#status, policy.status, () => [
      icon(policy.policy.enabled ? "robot" : "circle-slash"),
      policy.status,
    ]);
    this.#save.setReason(
      this.#read() === undefined
        ? "Some fields are empty or wrong; they say what to write."
        : this.#work.isBusy("setPolicy")
          ? "Under way."
          : "",
    );
    this.#work.update("setPolicy");
  }

  #load(policy: BidPolicyRow): void {
    const shape = JSON.stringify(policy);
    if (shape === this.#loaded) {
      return;
    }
    this.#loaded = shape;
    this.#core.suggest(editableAmount(hourly(BigInt(policy.floorPerMillicore) * CORE)));
    this.#memory.suggest(editableAmount(hourly(BigInt(policy.floorPerMebibyte) * GIB)));
    this.#gpu.suggest(editableAmount(hourly(policy.floorPerGpu)));
    this.#margin.suggest(String(policy.marginBps / 100));
    this.#lock.suggest(String(policy.maxLockBps / 100));
    this.#hours.suggest(String(policy.maxDuration / 3_600));
    this.#validity.suggest(String(policy.validity / 60));
    this.#enabled.set(policy.enabled);
    this.#covered.set(policy.acceptsCovered);
    for (const { bit, field } of this.#labels) {
      field.set((policy.requiredLabels & (1 << bit)) !== 0);
    }
  }

  #read(): BidPolicyRow | undefined {
    const [core, memory, gpu] = [this.#core.value, this.#memory.value, this.#gpu.value];
    const [margin, lock, hours, validity] = [
      this.#margin.value,
      this.#lock.value,
      this.#hours.value,
      this.#validity.value,
    ];
    if (core === undefined || memory === undefined || gpu === undefined) {
      return undefined;
    }
    if (margin === undefined || lock === undefined || hours === undefined || validity === undefined) {
      return undefined;
    }
    return {
      enabled: this.#enabled.on,
      floorPerMillicore: String(core),
      floorPerMebibyte: String(memory),
      floorPerGpu: String(gpu),
      marginBps: Math.round(margin * 100),
      maxLockBps: Math.round(lock * 100),
      maxDuration: Math.round(hours * 3_600),
      requiredLabels: this.#labels.reduce((bits, { bit, field }) => bits | (field.on ? 1 << bit : 0), 0),
      acceptsCovered: this.#covered.on,
      validity: Math.round(validity * 60),
    };
  }
}
