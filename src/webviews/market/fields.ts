import { type Choice, dropdown, el, icon, setOnControl } from "../shared/dom";

/** Keeps what was written into forms, so that a reload loses nothing. */
export interface FieldMemory {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

interface FieldOptions<T> {
  readonly key: string;
  readonly label: string;
  /** What follows the field: a unit. */
  readonly unit?: string;
  readonly value: string;
  /** @throws Error whose message tells the user what to write */
  read(text: string): T;
  onInput(): void;
}

/** A field of a form with its label, its unit and what is wrong with what was written. */
export class TextField<T> {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #problem = el("div", { class: "field-problem" });
  readonly #options: FieldOptions<T>;
  readonly #memory: FieldMemory;
  /** The user wrote into it: what is suggested no longer replaces it. */
  #touched: boolean;

  constructor(options: FieldOptions<T>, memory: FieldMemory) {
    this.#options = options;
    this.#memory = memory;
    const saved = memory.get(options.key);
    this.#touched = saved !== undefined;
    const value = saved ?? options.value;
    this.#input = el("vscode-text-field", { value, "data-field": options.key }, options.label) as HTMLInputElement;
    const unit = options.unit === undefined ? [] : [el("span", { class: "unit", "aria-hidden": "true" }, options.unit)];
    this.element = el(
      "div",
      { class: "field" },
      el("div", { class: "field-line" }, this.#input, ...unit),
      this.#problem,
    );
    setOnControl(
      this.#input,
      "aria-label",
      options.unit === undefined ? options.label : `${options.label}, ${options.unit}`,
    );
    this.#input.addEventListener("input", () => {
      this.#touched = true;
      memory.set(options.key, this.text);
      this.check();
      options.onInput();
    });
    this.check();
  }

  get text(): string {
    return this.#input.value ?? "";
  }

  /** What was written; `undefined` when it makes no sense, which the field then says. */
  get value(): T | undefined {
    try {
      return this.#options.read(this.text);
    } catch {
      return undefined;
    }
  }

  /** Puts a value there that the user has not written. */
  suggest(value: string): void {
    if (!this.#touched && value !== this.text) {
      this.#input.value = value;
      this.check();
    }
  }

  /** Puts a value there that the user asked for. */
  fill(value: string): void {
    this.#touched = true;
    this.#memory.set(this.#options.key, value);
    this.#input.value = value;
    this.check();
    this.#options.onInput();
  }

  focus(): void {
    this.#input.focus();
  }

  /** Says what is wrong, of its own content or, with `problem`, beyond it. */
  check(problem = this.#ownProblem()): void {
    this.#problem.replaceChildren(icon("error"), problem);
    this.#problem.hidden = problem === "";
    this.#input.classList.toggle("invalid", problem !== "");
    setOnControl(this.#input, "aria-invalid", String(problem !== ""));
    setOnControl(this.#input, "aria-description", problem);
  }

  #ownProblem(): string {
    if (!this.#touched && this.text === "") {
      return "";
    }
    try {
      this.#options.read(this.text);
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

/** A drop-down list with its label. */
export class ChoiceField {
  readonly element: HTMLElement;
  readonly #list: ReturnType<typeof dropdown>;
  #value: string;

  constructor(
    options: {
      readonly key: string;
      readonly label: string;
      readonly choices: readonly Choice[];
      readonly value: string;
      onInput(): void;
    },
    memory: FieldMemory,
  ) {
    const saved = memory.get(options.key);
    const known = options.choices.some(({ value }) => value === saved);
    this.#value = saved !== undefined && known ? saved : options.value;
    this.#list = dropdown(options.label, options.choices, this.#value, (value) => {
      this.#value = value;
      memory.set(options.key, value);
      options.onInput();
    });
    this.element = el(
      "div",
      { class: "field" },
      el("span", { class: "field-label", "aria-hidden": "true" }, options.label),
      this.#list.element,
    );
  }

  get value(): string {
    return this.#value;
  }

  suggest(value: string): void {
    this.#value = value;
    this.#list.set(value);
    // The list knows its options only once it is in the page.
    requestAnimationFrame(() => this.#list.set(this.#value));
  }
}

/** A box that is ticked or not. */
export class CheckField {
  readonly element: HTMLElement;
  #on: boolean;

  constructor(
    options: { readonly key: string; readonly label: string; readonly on: boolean; onInput(): void },
    memory: FieldMemory,
  ) {
    this.#on = (memory.get(options.key) ?? String(options.on)) === "true";
    this.element = el("vscode-checkbox", { checked: this.#on }, options.label);
    this.element.addEventListener("change", () => {
      this.#on = (this.element as HTMLInputElement).checked;
      memory.set(options.key, String(this.#on));
      options.onInput();
    });
  }

  get on(): boolean {
    return this.#on;
  }

  set(on: boolean): void {
    this.#on = on;
    (this.element as HTMLInputElement).checked = on;
  }
}

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,12}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new Error(`Write a whole number from ${least} to ${most}.`);
    }
    return value;
  };
}

/** Reads a number with decimals from `least` to `most`. */
export function decimalNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(\.\d{0,6})?$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new Error(`Write a number from ${least} to ${most}.`);
    }
    return value;
  };
}
