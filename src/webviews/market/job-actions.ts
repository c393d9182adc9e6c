import type { JobCommand } from "../../protocol/market-messages";
import type { JobAction, JobPage, JobRow } from "../../protocol/market-rows";
import { editableAmount, formatOtt, hourly, parseAmount, ratePerSecond } from "../../protocol/money";
import { el } from "../shared/dom";
import { CheckField, decimalNumber, type FieldMemory, TextField, wholeNumber } from "./fields";
import { ReasonedButton, type Shell, sendingObstacle, WorkLine } from "./page";

const HOUR = 3_600;

const LABELS: Readonly<Record<Exclude<JobAction, "accept">, string>> = {
  assignLowest: "Take the Lowest Bid",
  cancel: "Cancel Job",
  expire: "Expire",
  topUp: "Top Up…",
  extend: "Extend…",
  stop: "Stop Early",
  settle: "Settle",
  dispute: "Dispute…",
  finalize: "Finalize",
  bid: "Bid…",
  withdrawBid: "Withdraw Bid",
  start: "Start Service",
  decline: "Hand Back",
  signReceipt: "Sign Receipt…",
  countersign: "Sign the Node’s Receipt",
  signExtension: "Agree to Extend…",
};

const FORMS = ["topUp", "extend", "dispute", "bid", "signReceipt", "signExtension"] as const;
type FormAction = (typeof FORMS)[number];

const isForm = (action: string): action is FormAction => (FORMS as readonly string[]).includes(action);

/** The first button of these that can be used is the primary one. */
const PRIMARY: readonly JobAction[] = ["start", "settle", "bid", "assignLowest", "finalize", "expire", "topUp"];

/** What can be done with a job: a button each, some with a form below. */
export class JobActions {
  readonly element = el("div", { class: "job-actions" });
  readonly #shell: Shell;
  readonly #operator: boolean;
  readonly #row = el("div", { class: "button-row" });
  readonly #form = el("div", { class: "action-form", hidden: true });
  readonly #work: WorkLine;
  readonly #buttons = new Map<JobAction, ReasonedButton>();
  #shape = "";
  #open: FormAction | undefined;
  #last = "";
  #job: JobRow | undefined;
  #page: JobPage | undefined;

  constructor(shell: Shell, operator: boolean) {
    this.#shell = shell;
    this.#operator = operator;
    this.#work = new WorkLine(shell.model);
    this.element.append(this.#row, this.#form, this.#work.element);
  }

  /** Another job is shown. */
  reset(): void {
    this.#close();
    this.#last = "";
    this.#shape = "";
  }

  update(job: JobRow, page: JobPage): void {
    this.#job = job;
    this.#page = page;
    const actions = page.actions.filter(({ action }) => action !== "accept");
    const main = PRIMARY.find((action) => actions.some((own) => own.action === action && own.reason === ""));
    const shape = JSON.stringify([job.id, main, actions.map(({ action }) => action)]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.#buttons.clear();
      for (const { action } of actions) {
        if (action !== "accept") {
          const appearance = action === main ? "primary" : "secondary";
          this.#buttons.set(action, new ReasonedButton(LABELS[action], appearance, () => this.#press(action)));
        }
      }
      this.#row.replaceChildren(...[...this.#buttons.values()].map(({ element }) => element));
    }
    const obstacle = sendingObstacle(this.#shell.model);
    for (const { action, reason } of actions) {
      const busy = this.#work.isBusy(`${action} ${job.id}`) ? "Under way." : "";
      this.#buttons.get(action)?.setReason(reason || obstacle || busy);
    }
    this.element.hidden = actions.length === 0;
    if (this.#open !== undefined && actions.find(({ action }) => action === this.#open)?.reason !== "") {
      this.#close();
    }
    this.#work.update(this.#last);
  }

  #press(action: Exclude<JobAction, "accept">): void {
    if (isForm(action)) {
      if (this.#open === action) {
        this.#close();
      } else {
        this.#openForm(action);
      }
      return;
    }
    this.#send({ kind: action });
  }

  #send(command: JobCommand): void {
    if (this.#job !== undefined) {
      this.#last = `${command.kind} ${this.#job.id}`;
      this.#shell.post({ type: "job", id: this.#job.id, command });
    }
  }

  #close(): void {
    this.#open = undefined;
    this.#form.hidden = true;
    this.#form.replaceChildren();
  }

  #openForm(action: FormAction): void {
    const { fields, send } = this.#makeForm(action);
    this.#open = action;
    const submit = el("vscode-button", { appearance: "primary" }, LABELS[action].replace("…", ""));
    submit.addEventListener("click", () => {
      const command = send();
      if (command !== undefined) {
        this.#close();
        this.#send(command);
      }
    });
    const cancel = el("vscode-button", { appearance: "secondary" }, "Cancel");
    cancel.addEventListener("click", () => this.#close());
    this.#form.replaceChildren(...fields, el("div", { class: "button-row" }, submit, cancel));
    this.#form.hidden = false;
    this.#form.querySelector<HTMLElement>("vscode-text-field, vscode-text-area")?.focus();
  }

  #makeForm(action: FormAction): { fields: (Node | string)[]; send(): JobCommand | undefined } {
    const memory = memoryOf(new Map());
    const amount = (label: string, value: string, least: bigint): TextField<bigint> =>
      new TextField(
        {
          key: label,
          label,
          unit: "OTT",
          value,
          read: (text) => {
            const wei = parseAmount(text);
            if (wei < least) {
              throw new Error("Write an amount above zero.");
            }
            return wei;
          },
          onInput: () => undefined,
        },
        memory,
      );
    switch (action) {
      case "topUp": {
        const money = amount("Money to add", "", 1n);
        const hint = el(
          "p",
          { class: "hint" },
          "The job then runs longer, up to its longest time. What is not used comes back.",
        );
        return {
          fields: [hint, money.element],
          send: () => (money.value === undefined ? undefined : { kind: "topUp", amount: String(money.value) }),
        };
      }
      case "extend": {
        const hours = hoursField("Longer by", memory);
        const money = amount("Money to add", this.#costOfHour(), 0n);
        const hint = el("p", { class: "hint" }, "The node has to agree: it is asked to sign the longer time.");
        return {
          fields: [hint, hours.element, money.element],
          send: () =>
            hours.value === undefined || money.value === undefined
              ? undefined
              : { kind: "extend", seconds: Math.ceil(hours.value * HOUR), amount: String(money.value) },
        };
      }
      case "dispute": {
        const evidence = el(
          "vscode-text-area",
          { rows: "4", resize: "vertical", maxlength: "10000" },
          "What is wrong with the claim",
        ) as HTMLElement & {
          value: string;
        };
        const bond = this.#page?.claim?.bondNeeded ?? "0";
        const hint = `The arbiter reads it. You leave a bond of ${formatOtt(bond)}: it comes back when you are right, and is lost when the claim stands.`;
        return {
          fields: [el("p", { class: "hint" }, hint), evidence],
          send: () => (evidence.value.trim() === "" ? undefined : { kind: "dispute", evidence: evidence.value }),
        };
      }
      case "bid":
        return this.#bidForm(memory);
      case "signReceipt":
        return this.#receiptForm(memory);
      case "signExtension": {
        const hours = hoursField("Longer by", memory);
        const hint = el(
          "p",
          { class: "hint" },
          "The developer may then let the job run that much longer, at the same price. Your signature is copied; send it to the developer.",
        );
        return {
          fields: [hint, hours.element],
          send: () =>
            hours.value === undefined ? undefined : { kind: "signExtension", seconds: Math.ceil(hours.value * HOUR) },
        };
      }
    }
  }

  #receiptForm(memory: FieldMemory): { fields: (Node | string)[]; send(): JobCommand | undefined } {
    const { startedAt, stoppedAt } = this.#page ?? {};
    const end = Math.min(stoppedAt ?? Number.MAX_SAFE_INTEGER, Math.floor(this.#shell.model.now));
    const served = Math.max(0, end - (startedAt ?? end));
    const rate = BigInt(this.#job?.rate ?? "0");
    const cost = el("p", { class: "hint" });
    const used = new TextField(
      {
        key: "used",
        label: "Time used",
        unit: "seconds",
        value: String(served),
        read: wholeNumber(0, 0xffff_ffff),
        onInput: () => tellCost(),
      },
      memory,
    );
    const tellCost = (): void => {
      cost.textContent =
        used.value === undefined
          ? ""
          : `The developer owes ${formatOtt(rate * BigInt(used.value))} so far. The receipt is copied; send it to the developer.`;
    };
    tellCost();
    const last = new CheckField(
      {
        key: "final",
        label: "It is the last one: the developer can settle with it at once",
        on: true,
        onInput: () => undefined,
      },
      memory,
    );
    return {
      fields: [used.element, last.element, cost],
      send: () =>
        used.value === undefined ? undefined : { kind: "signReceipt", usedSeconds: used.value, isFinal: last.on },
    };
  }

  #bidForm(memory: FieldMemory): { fields: (Node | string)[]; send(): JobCommand | undefined } {
    const job = this.#job;
    const highest = BigInt(job?.maxRate ?? "0");
    const now = BigInt(job?.myBid ?? job?.lowest ?? job?.maxRate ?? "0");
    const price = new TextField(
      {
        key: "price",
        label: "Your price",
        unit: "OTT an hour",
        value: editableAmount(hourly(now)),
        read: (text) => {
          const rate = ratePerSecond(parseAmount(text));
          if (rate > highest && hourly(rate) > hourly(highest)) {
            throw new Error(`The developer pays at most ${editableAmount(hourly(highest))} OTT an hour.`);
          }
          return rate > highest ? highest : rate;
        },
        onInput: () => undefined,
      },
      memory,
    );
    const validity = new TextField(
      {
        key: "validity",
        label: "Stands for",
        unit: "minutes",
        value: "60",
        read: decimalNumber(1, 43_200),
        onInput: () => undefined,
      },
      memory,
    );
    const hint = this.#operator
      ? "If it is taken, your node has to start in time; a part of your stake is held until the job ends."
      : "";
    return {
      fields: [el("p", { class: "hint" }, hint), price.element, validity.element],
      send: () =>
        price.value === undefined || validity.value === undefined
          ? undefined
          : { kind: "bid", rate: String(price.value), validity: Math.round(validity.value * 60) },
    };
  }

  #costOfHour(): string {
    return editableAmount(hourly(this.#job?.rate ?? "0"));
  }
}

function hoursField(label: string, memory: FieldMemory): TextField<number> {
  return new TextField(
    { key: "hours", label, unit: "hours", value: "1", read: decimalNumber(0.01, 8_760), onInput: () => undefined },
    memory,
  );
}

function memoryOf(values: Map<string, string>): FieldMemory {
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}
