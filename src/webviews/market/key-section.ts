import type { NodePage as NodeRow } from "../../protocol/market-operator";
import { editableAmount, formatAmount, parseAmount } from "../../protocol/money";
import { el } from "../shared/dom";
import { TextField } from "./fields";
import { formMemory } from "./form-memory";
import { facts, ReasonedButton, renderWhenChanged, type Shell, section, sendingObstacle, WorkLine } from "./page";
import { shortAddress } from "./words";

/** What is proposed to be sent to a new key, in wei of the chain's coin. */
const FIRST_FEES = 10n ** 16n;

const KINDS = ["createKey", "addFees", "revokeKey"] as const;
type KeyAction = (typeof KINDS)[number];

/** The key that works for the node while nobody is asked: made, paid for and revoked here. */
export class KeySection {
  readonly element: HTMLElement;
  readonly #shell: Shell;
  readonly #says = el("div");
  readonly #fees: TextField<bigint>;
  readonly #unit: HTMLElement;
  readonly #buttons: Readonly<Record<KeyAction, ReasonedButton>>;
  readonly #work: WorkLine;
  #last: KeyAction = "createKey";

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#work = new WorkLine(shell.model);
    this.#fees = new TextField(
      {
        key: "fees",
        label: "Money for its fees",
        unit: " ",
        value: editableAmount(FIRST_FEES),
        read: parseAmount,
        onInput: () => {
          if (shell.model.node !== null) {
            this.update(shell.model.node);
          }
        },
      },
      formMemory(shell, "key"),
    );
    this.#unit = this.#fees.element.querySelector<HTMLElement>(".unit") ?? el("span");
    const sum = (label: string, kind: "createKey" | "addFees", appearance: "primary" | "secondary"): ReasonedButton =>
      new ReasonedButton(label, appearance, () => {
        const wei = this.#fees.value;
        if (wei !== undefined) {
          this.#last = kind;
          shell.post({
            type: "node",
            action: kind === "createKey" ? { kind, fees: String(wei) } : { kind, amount: String(wei) },
          });
        }
      });
    this.#buttons = {
      createKey: sum("Create Operator Key", "createKey", "secondary"),
      addFees: sum("Add Money for Fees", "addFees", "secondary"),
      revokeKey: new ReasonedButton("Revoke Key", "secondary", () => {
        this.#last = "revokeKey";
        shell.post({ type: "node", action: { kind: "revokeKey" } });
      }),
    };
    const { createKey, addFees, revokeKey } = this.#buttons;
    this.element = section(
      "Unattended work",
      this.#says,
      el("div", { class: "fields" }, this.#fees.element),
      el("div", { class: "button-row" }, createKey.element, addFees.element, revokeKey.element),
      this.#work.element,
    );
  }

  update(node: NodeRow): void {
    this.element.hidden = node.status === "none";
    if (node.status === "none") {
      return;
    }
    const { key, currency } = node;
    this.#unit.textContent = currency;
    renderWhenChanged(this.#says, JSON.stringify([key, currency]), () => says(node));
    const { model } = this.#shell;
    const obstacle = sendingObstacle(model) || (KINDS.some((kind) => this.#work.isBusy(kind)) ? "Under way." : "");
    const fees = this.#fees.value;
    const native =
      model.wallet.kind === "connected" && model.wallet.native !== null ? BigInt(model.wallet.native) : undefined;
    const wrong =
      fees === undefined
        ? "Write an amount."
        : native !== undefined && native < fees
          ? `Your wallet has ${formatAmount(native)} ${currency}.`
          : "";
    this.#buttons.createKey.setReason(obstacle || wrong);
    this.#buttons.addFees.setReason(obstacle || wrong || (fees === 0n ? "Write an amount above zero." : ""));
    this.#buttons.revokeKey.setReason(obstacle);
    this.#buttons.createKey.element.hidden = key.kind === "here";
    this.#buttons.addFees.element.hidden = key.kind !== "here";
    this.#buttons.revokeKey.element.hidden = key.kind === "none";
    this.#work.update(this.#last);
  }
}

function says({ key, currency }: NodeRow): (Node | string)[] {
  const may = "It bids, starts jobs and signs receipts; it can move neither your stake nor your OTT.";
  switch (key.kind) {
    case "none":
      return [
        el(
          "p",
          { class: "hint" },
          `Your wallet is asked for each bid. A key of this machine can do that instead, once your wallet allows it. ${may} It spends at most what you send it for fees, and you can revoke it at any time.`,
        ),
      ];
    case "elsewhere":
      return [
        el(
          "p",
          { class: "hint" },
          `A key of another machine, ${shortAddress(key.address)}, works for your node. A key of this machine takes its place.`,
        ),
      ];
    case "here":
      return [
        facts([
          ["Operator key", el("span", { title: key.address }, shortAddress(key.address))],
          [
            "Left for fees",
            key.fees === null
              ? "Asking the chain…"
              : key.fees === "0"
                ? `None: your wallet is asked until you add some ${currency}`
                : `${formatAmount(key.fees)} ${currency}`,
          ],
        ]),
        el("p", { class: "hint" }, may),
      ];
  }
}
