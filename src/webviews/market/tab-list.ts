import { el } from "../shared/dom";

interface Tab {
  readonly value: string;
  readonly label: string;
}

/** Tabs above a panel: one stop of the Tab key, the arrow keys move between them. */
export class TabList {
  readonly element: HTMLElement;
  readonly #panel: string;
  readonly #onPick: (value: string) => void;
  #shape = "";

  /** @param panel id of the element that shows the page */
  constructor(label: string, panel: string, onPick: (value: string) => void) {
    this.#panel = panel;
    this.#onPick = onPick;
    this.element = el("div", { class: "tabs", role: "tablist", "aria-label": label });
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
  }

  idOf(value: string): string {
    return `${this.#panel}-tab-${value}`;
  }

  setTabs(tabs: readonly Tab[], chosen: string): void {
    const shape = JSON.stringify(tabs);
    if (shape !== this.#shape) {
      this.#shape = shape;
      this.element.replaceChildren(
        ...tabs.map(({ value, label }) => {
          const tab = el(
            "button",
            { type: "button", role: "tab", id: this.idOf(value), "aria-controls": this.#panel, "data-value": value },
            label,
          );
          tab.addEventListener("click", () => this.#onPick(value));
          return tab;
        }),
      );
    }
    for (const tab of this.#all()) {
      const on = tab.dataset["value"] === chosen;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
    }
  }

  #all(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("[role=tab]")];
  }

  #onKey(event: KeyboardEvent): void {
    const tabs = this.#all();
    const at = tabs.indexOf(event.target as HTMLElement);
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
    const target = moves[event.key];
    if (at >= 0 && target !== undefined) {
      event.preventDefault();
      const tab = tabs[(target + tabs.length) % tabs.length];
      tab?.focus();
      tab?.click();
    }
  }
}
