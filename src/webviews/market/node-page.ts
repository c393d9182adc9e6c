import type { NodeAction, NodePage as NodeRow } from "../../protocol/market-operator";
import type { CapacityRow } from "../../protocol/market-rows";
import { editableAmount, formatOtt, parseAmount } from "../../protocol/money";
import { el, icon } from "../shared/dom";
import { CapacityFields } from "./capacity-fields";
import { TextField } from "./fields";
import { formMemory } from "./form-memory";
import { KeySection } from "./key-section";
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
import { describeCapacity, describePlace, formatMoment, formatSpan, formatWhen } from "./words";

type StakeButton = "stake" | "unbond" | "cancelUnbonding" | "withdrawStake" | "pause" | "resume" | "exit";

/** The operator's node: registration, stake and standing. */
export class NodePage implements Page {
  readonly element = el("div", { class: "form-page" });
  readonly #shell: Shell;
  readonly #blank = el("div", { class: "blank" });
  readonly #content = el("div", { class: "form" });
  readonly #standing = el("div");
  readonly #machine = el("div");
  readonly #capacity: CapacityFields;
  readonly #stake: TextField<bigint>;
  readonly #needed = el("p", { class: "hint" });
  readonly #register: ReasonedButton;
  readonly #change: ReasonedButton;
  readonly #registerSection: HTMLElement;
  readonly #stakeSection: HTMLElement;
  readonly #amount: TextField<bigint>;
  readonly #buttons: Readonly<Record<StakeButton, ReasonedButton>>;
  readonly #key: KeySection;
  readonly #work: WorkLine;
  readonly #registerWork: WorkLine;
  #last = "";

  constructor(shell: Shell) {
    this.#shell = shell;
    const memory = formMemory(shell, "node");
    const onInput = (): void => this.update();
    this.#work = new WorkLine(shell.model);
    this.#registerWork = new WorkLine(shell.model);
    this.#capacity = new CapacityFields(shell, onInput);
    const money = (key: string, label: string): TextField<bigint> =>
      new TextField(
        {
          key,
          label,
          unit: "OTT",
          value: "",
          read: (text) => {
            const wei = parseAmount(text);
            if (wei === 0n) {
              throw new Error("Write an amount above zero.");
            }
            return wei;
          },
          onInput,
        },
        memory,
      );
    this.#stake = money("stake", "Stake");
    this.#amount = money("amount", "Amount");
    this.#register = new ReasonedButton("Register Node", "primary", () => this.#doRegister());
    this.#change = new ReasonedButton("Change What It Offers", "secondary", () => {
      const capacity = this.#capacity.value;
      if (capacity !== undefined) {
        this.#do({ kind: "setCapacity", capacity });
      }
    });
    const simple = (
      label: string,
      kind: "cancelUnbonding" | "withdrawStake" | "pause" | "resume" | "exit",
    ): ReasonedButton => new ReasonedButton(label, "secondary", () => this.#do({ kind }));
    const sum = (label: string, kind: "stake" | "unbond"): ReasonedButton =>
      new ReasonedButton(label, "secondary", () => {
        const amount = this.#amount.value;
        if (amount !== undefined) {
          this.#do({ kind, amount: String(amount) });
        }
      });
    this.#buttons = {
      stake: sum("Add to Stake", "stake"),
      unbond: sum("Unbond", "unbond"),
      cancelUnbonding: simple("Keep It Staked", "cancelUnbonding"),
      withdrawStake: simple("Withdraw", "withdrawStake"),
      pause: simple("Pause", "pause"),
      resume: simple("Resume", "resume"),
      exit: simple("Leave the Market", "exit"),
    };
    const { stake, unbond, cancelUnbonding, withdrawStake, pause, resume, exit } = this.#buttons;
    const row = (...buttons: ReasonedButton[]): HTMLElement =>
      el("div", { class: "button-row" }, ...buttons.map(({ element }) => element));
    this.#stakeSection = section(
      "Stake",
      el("div", { class: "fields" }, this.#amount.element),
      row(stake, unbond, cancelUnbonding, withdrawStake),
      row(pause, resume, exit),
      this.#work.element,
    );
    this.#registerSection = section(
      "What it offers",
      this.#machine,
      this.#capacity.element,
      el("div", { class: "fields stake-field" }, this.#stake.element),
      this.#needed,
      row(this.#register, this.#change),
      this.#registerWork.element,
    );
    this.#key = new KeySection(shell);
    this.#content.append(this.#standing, this.#stakeSection, this.#key.element, this.#registerSection);
    this.element.append(this.#blank, this.#content);
  }

  update(): void {
    const { model } = this.#shell;
    const { node } = model;
    const waiting =
      node === null
        ? {
            icon: "loading",
            busy: true,
            title: "Looking for your node",
            text: "Asking the market what it knows of your wallet.",
          }
        : undefined;
    const unusable =
      model.network.kind === "ready" || model.network.kind === "down" ? undefined : networkObstacle(this.#shell);
    const empty =
      unusable ??
      walletObstacle(this.#shell, "Switch it to see your node, its stake and the key for unattended work.") ??
      waiting;
    this.#blank.hidden = empty === undefined;
    this.#content.hidden = empty !== undefined;
    renderWhenChanged(this.#blank, JSON.stringify(empty ?? null), () =>
      empty === undefined ? [] : [emptyState(empty)],
    );
    if (empty !== undefined || node === null) {
      return;
    }
    const registered = node.status !== "none";
    this.#showStanding(node);
    this.#showMachine();
    this.#stakeSection.hidden = !registered && node.unbonding === "0";
    this.#stake.element.hidden = registered;
    this.#register.element.hidden = registered;
    this.#change.element.hidden = !registered;
    if (model.detected.kind === "found" || node.capacity !== null) {
      this.#capacity.suggest(node.capacity ?? (model.detected.kind === "found" ? model.detected.capacity : undefined));
    }
    this.#showNeeded(node, registered);
    this.#setReasons(node);
    this.#key.update(node);
    this.#work.update(this.#last);
    this.#registerWork.update(registered ? "setCapacity" : "register");
  }

  tick(): void {
    this.update();
  }

  #showStanding(node: NodeRow): void {
    const { model } = this.#shell;
    if (node.status === "none" && node.unbonding === "0") {
      renderWhenChanged(this.#standing, "none", () => [
        el("h2", {}, "Earn with this machine"),
        el(
          "p",
          { class: "lead" },
          "Register what it offers and stake OTT for it. Then bid for jobs; what you serve is paid. The stake comes back when you leave; it is lost in part when your node fails a job.",
        ),
      ]);
      return;
    }
    const free = BigInt(node.stake) - BigInt(node.locked);
    const status = { none: "Left the market", active: "Takes jobs", paused: "Paused: takes no new jobs" }[node.status];
    const rows: [string, string][] = [
      ["Status", status],
      ...(node.capacity === null
        ? []
        : ([
            [
              "Offers",
              [describeCapacity(node.capacity), describePlace(model, node.capacity)].filter(Boolean).join(" · "),
            ],
          ] as [string, string][])),
      ["Stake", `${formatOtt(node.stake)}; ${formatOtt(free)} of it free`],
      ["Reputation", formatOtt(node.reputation)],
    ];
    if (node.unbonding !== "0" && node.unbondedAt !== null) {
      rows.push([
        "Unbonding",
        `${formatOtt(node.unbonding)}, free ${formatMoment(node.unbondedAt)} (${formatWhen(node.unbondedAt, model.now)})`,
      ]);
    }
    renderWhenChanged(this.#standing, JSON.stringify(rows), () => [el("h2", {}, "Your node"), facts(rows)]);
  }

  #showMachine(): void {
    const { detected } = this.#shell.model;
    renderWhenChanged(this.#machine, JSON.stringify(detected), () => {
      if (detected.kind === "unknown") {
        return [el("p", { class: "hint" }, icon("info"), detected.reason)];
      }
      const use = el("vscode-button", { appearance: "secondary" }, "Use What Was Found");
      use.addEventListener("click", () => {
        this.#capacity.fill(detected.capacity);
        this.update();
      });
      return [
        el(
          "p",
          { class: "hint" },
          icon("server"),
          `This machine has ${describeCapacity(detected.capacity)}. ${detected.notes.join(" ")}`,
        ),
        use,
      ];
    });
  }

  #showNeeded(node: NodeRow, registered: boolean): void {
    const capacity = this.#capacity.value;
    const needed = capacity === undefined ? undefined : requiredStake(node, capacity);
    if (needed !== undefined && !registered) {
      this.#stake.suggest(editableAmount(needed));
    }
    const unbonding = `It comes back ${formatSpan(node.unbondingDelay)} after you ask for it.`;
    this.#needed.textContent =
      needed === undefined
        ? "The sizes that are marked are wrong; they say what to write."
        : `Needs a stake of ${formatOtt(needed)}. ${unbonding}`;
  }

  #setReasons(node: NodeRow): void {
    const { model } = this.#shell;
    const obstacle = sendingObstacle(model);
    const free = BigInt(node.stake) - BigInt(node.locked);
    const amount = this.#amount.value;
    const capacity = this.#capacity.value;
    const needed = capacity === undefined ? undefined : requiredStake(node, capacity);
    const stake = this.#stake.value;
    const balance =
      model.wallet.kind === "connected" && model.wallet.ott !== null ? BigInt(model.wallet.ott) : undefined;
    const none = node.status === "none" ? "Your node is not registered." : "";
    const poor = (sum: bigint | undefined): string =>
      sum !== undefined && balance !== undefined && balance < sum ? `Your wallet has ${formatOtt(balance)}.` : "";
    const noAmount = amount === undefined ? "Write an amount." : "";
    const unbonded = node.unbondedAt !== null && node.unbondedAt <= model.now;
    const busy = this.#work.isBusy(this.#last) ? "Under way." : "";
    this.#register.setReason(
      obstacle ||
        (needed === undefined || stake === undefined
          ? "Some fields are empty or wrong; they say what to write."
          : "") ||
        (stake !== undefined && needed !== undefined && stake < needed
          ? `The stake is below ${formatOtt(needed)}.`
          : "") ||
        poor(stake) ||
        (this.#registerWork.isBusy("register") ? "Under way." : ""),
    );
    this.#change.setReason(
      obstacle ||
        (needed === undefined ? "Some sizes are wrong; they say what to write." : "") ||
        (needed !== undefined && BigInt(node.stake) < needed
          ? `Your stake is below ${formatOtt(needed)}; add to it first.`
          : ""),
    );
    const reasons: Record<StakeButton, string> = {
      stake: none || noAmount || poor(amount),
      unbond:
        none ||
        noAmount ||
        (amount !== undefined && amount > free ? `Only ${formatOtt(free)} is free; jobs hold the rest.` : ""),
      cancelUnbonding: none || (node.unbonding === "0" ? "Nothing is unbonding." : ""),
      withdrawStake:
        node.unbonding === "0"
          ? "Nothing is unbonding."
          : unbonded
            ? ""
            : `It is still unbonding: ${formatSpan((node.unbondedAt ?? 0) - model.now)} left.`,
      pause: none,
      resume: none,
      exit: none || (node.locked !== "0" ? "Jobs hold a part of your stake; finish them first." : ""),
    };
    for (const [key, button] of Object.entries(this.#buttons) as [StakeButton, ReasonedButton][]) {
      button.setReason(reasons[key] || obstacle || busy);
    }
    this.#buttons.pause.element.hidden = node.status === "paused";
    this.#buttons.resume.element.hidden = node.status !== "paused";
    this.#buttons.cancelUnbonding.element.hidden = node.unbonding === "0";
    this.#buttons.withdrawStake.element.hidden = node.unbonding === "0";
  }

  #doRegister(): void {
    const capacity = this.#capacity.value;
    const stake = this.#stake.value;
    if (capacity !== undefined && stake !== undefined) {
      this.#shell.post({ type: "node", action: { kind: "register", capacity, stake: String(stake) } });
    }
  }

  #do(action: NodeAction): void {
    this.#last = action.kind;
    this.#shell.post({ type: "node", action });
  }
}

/** Stake that a capacity needs, wei of OTT: as `NodeRegistry.requiredStake` computes it. */
function requiredStake(node: NodeRow, capacity: CapacityRow): bigint {
  const { millicore, mebibyte, gpu } = node.prices;
  return (
    BigInt(millicore) * BigInt(capacity.millicores) +
    BigInt(mebibyte) * BigInt(capacity.mebibytes) +
    BigInt(gpu) * BigInt(capacity.gpus)
  );
}
