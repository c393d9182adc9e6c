import type { DraftState, JobForm } from "../../protocol/market-messages";
import {
  editableAmount,
  formatAmount,
  formatOtt,
  formatRatePerHour,
  hourly,
  parseAmount,
  ratePerSecond,
} from "../../protocol/money";
import { el, icon } from "../shared/dom";
import { CheckField, ChoiceField, decimalNumber, TextField, wholeNumber } from "./fields";
import { formMemory } from "./form-memory";
import {
  emptyState,
  facts,
  networkObstacle,
  type Page,
  ReasonedButton,
  renderWhenChanged,
  type Shell,
  section,
  sendingObstacle,
  WorkLine,
  walletObstacle,
} from "./page";
import { describeCapacity, formatSpan } from "./words";

const MINUTE = 60;

/** The form with which a spec becomes a job. */
export class PostPage implements Page {
  readonly element = el("div", { class: "form-page" });
  readonly #shell: Shell;
  readonly #blank = el("div", { class: "blank" });
  readonly #form: HTMLElement;
  readonly #spec = el("div");
  readonly #summary = el("div", { class: "summary", role: "status" });
  readonly #suggestion = el("div", { class: "suggestion" });
  readonly #button: ReasonedButton;
  readonly #work: WorkLine;
  readonly #price: TextField<bigint>;
  readonly #hours: TextField<number>;
  readonly #bidding: TextField<number>;
  readonly #availability: TextField<number>;
  readonly #gpus: TextField<number>;
  readonly #gpuModel: ChoiceField;
  readonly #region: ChoiceField;
  readonly #matching: ChoiceField;
  readonly #covered: CheckField;
  readonly #labels: readonly { readonly bit: number; readonly field: CheckField }[];

  constructor(shell: Shell) {
    this.#shell = shell;
    const { init } = shell.model;
    const memory = formMemory(shell, "post");
    const onInput = (): void => this.update();
    const text = <T>(
      key: string,
      label: string,
      unit: string,
      value: string,
      read: (text: string) => T,
    ): TextField<T> => new TextField({ key, label, unit, value, read, onInput }, memory);
    this.#price = text("price", "Highest price", "OTT an hour", "", (value) => ratePerSecond(parseAmount(value)));
    this.#hours = text("hours", "Longest time", "hours", "1", decimalNumber(0.02, 8_760));
    this.#bidding = text("bidding", "Time for bids", "minutes", "15", decimalNumber(1, 43_200));
    this.#availability = text(
      "availability",
      "Promised availability",
      "percent, 0 for none",
      "0",
      decimalNumber(0, 100),
    );
    this.#gpus = text("gpus", "GPUs", "", "0", wholeNumber(0, 255));
    const any = { value: "", label: "Any" };
    const choice = (
      key: string,
      label: string,
      choices: { value: string; label: string }[],
      value: string,
    ): ChoiceField => new ChoiceField({ key, label, choices, value, onInput }, memory);
    this.#gpuModel = choice(
      "gpuModel",
      "GPU model",
      [any, ...init.gpuModels.map((name) => ({ value: name, label: name }))],
      "",
    );
    this.#region = choice(
      "region",
      "Region",
      [any, ...init.regions.map(({ code, name }) => ({ value: code, label: name }))],
      "",
    );
    this.#matching = choice(
      "matching",
      "How a node is chosen",
      [
        { value: "developer", label: "I pick a bid" },
        { value: "lowest", label: "The lowest bid wins at the deadline" },
      ],
      "developer",
    );
    this.#covered = new CheckField(
      { key: "covered", label: "Cover all of my money by stake and reputation", on: false, onInput },
      memory,
    );
    this.#labels = init.labels.map(({ bit, name }) => ({
      bit,
      field: new CheckField({ key: `label${bit}`, label: name, on: false, onInput }, memory),
    }));
    this.#button = new ReasonedButton("Post Job", "primary", () => this.#post());
    this.#work = new WorkLine(shell.model);
    this.#form = el(
      "div",
      { class: "form" },
      this.#spec,
      section(
        "Price and time",
        el("div", { class: "fields" }, this.#price.element, this.#hours.element, this.#bidding.element),
        this.#suggestion,
      ),
      section(
        "Who may serve it",
        el(
          "div",
          { class: "fields" },
          this.#matching.element,
          this.#region.element,
          this.#gpus.element,
          this.#gpuModel.element,
        ),
        el(
          "div",
          { class: "checks", role: "group", "aria-label": "The node must have" },
          ...this.#labels.map(({ field }) => field.element),
        ),
      ),
      section("Guarantees", el("div", { class: "fields" }, this.#availability.element), this.#covered.element),
      el("div", { class: "pay" }, this.#summary, this.#button.element, this.#work.element),
    );
    this.element.append(this.#blank, this.#form);
  }

  update(): void {
    const { model } = this.#shell;
    const { draft } = model;
    // A network that is down is no reason to lose sight of the form.
    const unusable =
      model.network.kind === "none" || model.network.kind === "wrong" ? networkObstacle(this.#shell) : undefined;
    const empty = unusable ?? walletObstacle(this.#shell) ?? draftObstacle(this.#shell, draft);
    this.#blank.hidden = empty === undefined;
    this.#form.hidden = empty !== undefined;
    renderWhenChanged(this.#blank, JSON.stringify(empty ?? null), () =>
      empty === undefined ? [] : [emptyState(empty)],
    );
    if (empty !== undefined || draft.kind !== "ready") {
      return;
    }
    renderWhenChanged(this.#spec, JSON.stringify(draft), () => [this.#specSection(draft)]);
    this.#gpus.suggest(String(draft.gpus));
    if (draft.suggestion !== null) {
      this.#price.suggest(editableAmount(hourly(draft.suggestion.rate)));
    }
    this.#showSuggestion(draft);
    const noGpu = this.#gpus.value === 0;
    this.#gpuModel.element.hidden = noGpu;
    const form = this.#read();
    this.#showSummary(draft, form);
    this.#button.setReason(this.#reason(draft, form));
    this.#work.update("post");
  }

  #specSection(draft: Extract<DraftState, { kind: "ready" }>): HTMLElement {
    const other = el("vscode-button", { appearance: "secondary" }, "Choose Another Spec");
    other.addEventListener("click", () => this.#shell.post({ type: "chooseSpec" }));
    const services = el(
      "ul",
      { class: "services" },
      ...draft.services.map((service) =>
        el("li", {}, el("b", {}, service.name), ` × ${service.replicas}: ${service.needs}`),
      ),
    );
    const need = { ...draft, region: "", labels: 0 };
    const notes = draft.notes.map((note) => el("li", {}, icon("info"), note));
    return section(
      `Spec “${draft.deployment}”`,
      facts([
        ["File", draft.spec],
        ["Needs together", describeCapacity(need)],
        [
          "Published",
          draft.storageProblem === ""
            ? draft.storage
            : el("span", { class: "problem" }, icon("error"), draft.storageProblem),
        ],
      ]),
      services,
      ...(notes.length === 0 ? [] : [el("ul", { class: "notes" }, ...notes)]),
      other,
    );
  }

  #showSuggestion(draft: Extract<DraftState, { kind: "ready" }>): void {
    const { suggestion } = draft;
    renderWhenChanged(this.#suggestion, JSON.stringify(suggestion), () => {
      if (suggestion === null) {
        return [
          el(
            "p",
            { class: "hint" },
            "No like job was settled lately, so there is no price to suggest. Nodes bid below your highest price.",
          ),
        ];
      }
      const use = el("vscode-button", { appearance: "secondary" }, "Use It");
      use.addEventListener("click", () => this.#price.fill(editableAmount(hourly(suggestion.rate))));
      const jobs = suggestion.jobs === 1 ? "1 like job" : `${suggestion.jobs} like jobs`;
      const range =
        suggestion.low === suggestion.high
          ? ""
          : `, between ${formatAmount(hourly(suggestion.low))} and ${formatAmount(hourly(suggestion.high))}`;
      const text = `${jobs} settled lately for ${formatRatePerHour(suggestion.rate)}${range}.`;
      return [el("p", { class: "hint" }, icon("lightbulb"), text), use];
    });
  }

  #showSummary(draft: Extract<DraftState, { kind: "ready" }>, form: JobForm | undefined): void {
    const cost = form === undefined ? undefined : BigInt(form.maxRate) * BigInt(form.maxDuration);
    renderWhenChanged(this.#summary, JSON.stringify([form ?? null, draft.millicores]), () =>
      cost === undefined || form === undefined
        ? [el("p", { class: "hint" }, "Fill in the fields that are marked to see what it costs at most.")]
        : [
            el(
              "p",
              { class: "longest" },
              "At most ",
              el("b", {}, formatOtt(cost)),
              ` for ${formatSpan(form.maxDuration)}`,
            ),
            el(
              "p",
              { class: "hint" },
              "This is paid in with your signature, and held by the contract. What is not used comes back; if no node takes the job, all of it.",
            ),
          ],
    );
  }

  #reason(draft: Extract<DraftState, { kind: "ready" }>, form: JobForm | undefined): string {
    const { wallet, network } = this.#shell.model;
    const sending = sendingObstacle(this.#shell.model) || draft.storageProblem;
    if (sending !== "") {
      return sending;
    }
    if (form === undefined) {
      return "Some fields are empty or wrong; they say what to write.";
    }
    if (network.kind === "ready") {
      if (form.maxDuration > network.maxDuration) {
        return `A job lasts at most ${formatSpan(network.maxDuration)} on this market.`;
      }
      if (form.maxDuration < network.minFundedSeconds) {
        return `A job lasts at least ${formatSpan(network.minFundedSeconds)} on this market.`;
      }
      if (form.bidding > network.maxBidding) {
        return `Bids are open for at most ${formatSpan(network.maxBidding)} on this market.`;
      }
    }
    const cost = BigInt(form.maxRate) * BigInt(form.maxDuration);
    if (wallet.kind === "connected" && wallet.ott !== null && BigInt(wallet.ott) < cost) {
      return `Your wallet has ${formatOtt(wallet.ott)}; the job needs ${formatOtt(cost)}.`;
    }
    return this.#work.isBusy("post") ? "Under way." : "";
  }

  #read(): JobForm | undefined {
    const [rate, hours, bidding, availability, gpus] = [
      this.#price.value,
      this.#hours.value,
      this.#bidding.value,
      this.#availability.value,
      this.#gpus.value,
    ];
    if (
      rate === undefined ||
      hours === undefined ||
      bidding === undefined ||
      availability === undefined ||
      gpus === undefined
    ) {
      return undefined;
    }
    return {
      matching: this.#matching.value === "lowest" ? "lowest" : "developer",
      maxRate: String(rate),
      maxDuration: Math.round(hours * 3_600),
      bidding: Math.round(bidding * MINUTE),
      availabilityBps: Math.round(availability * 100),
      covered: this.#covered.on,
      region: this.#region.value,
      gpus,
      gpuModel: gpus === 0 ? "" : this.#gpuModel.value,
      labels: this.#labels.reduce((bits, { bit, field }) => bits | (field.on ? 1 << bit : 0), 0),
    };
  }

  #post(): void {
    const form = this.#read();
    if (form !== undefined) {
      this.#shell.post({ type: "post", form });
    }
  }
}

function draftObstacle(shell: Shell, draft: DraftState): Parameters<typeof emptyState>[0] | undefined {
  const choose = { label: "Choose a Spec", run: () => shell.post({ type: "chooseSpec" }) };
  switch (draft.kind) {
    case "none":
      return {
        icon: "file-code",
        title: "Open a spec first",
        text: "A job is a spec, a file whose name ends in .zlayer.yml. What it needs is read from it.",
        actions: [choose],
      };
    case "loading":
      return {
        icon: "loading",
        busy: true,
        title: "Reading the spec",
        text: "Finding out what it needs, and what like jobs cost.",
      };
    case "invalid":
      return { icon: "error", title: `“${draft.spec}” cannot be posted`, text: draft.problem, actions: [choose] };
    case "ready":
      return undefined;
  }
}
