import { el } from "./dom";

/** Buttons of which one is on. */
export class Segments {
  readonly element: HTMLElement;
  readonly #buttons: readonly (readonly [value: string, button: HTMLElement])[];

  constructor(
    label: string,
    choices: readonly { readonly value: string; readonly label: string; readonly title: string }[],
    onPick: (value: string) => void,
  ) {
    this.#buttons = choices.map((choice) => {
      const button = el("button", { type: "button", title: choice.title, "aria-pressed": "false" }, choice.label);
      button.addEventListener("click", () => onPick(choice.value));
      return [choice.value, button] as const;
    });
    this.element = el(
      "div",
      { class: "segments", role: "group", "aria-label": label },
      ...this.#buttons.map(([, button]) => button),
    );
  }

  set(value: string): void {
    for (const [own, button] of this.#buttons) {
      button.setAttribute("aria-pressed", String(own === value));
    }
  }
}
