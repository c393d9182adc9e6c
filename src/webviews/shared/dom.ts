type Attributes = Readonly<Record<string, string | boolean>>;

/** Creates an element with attributes (`true`: present, `false`: absent) and children; strings become text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K];
export function el(tag: string, attributes?: Attributes, ...children: (Node | string)[]): HTMLElement;
export function el(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children);
  return element;
}

/** An icon of VS Code's own set. It says nothing to a screen reader: its button has a label. */
export function icon(name: string): HTMLElement {
  return el("span", { class: `codicon codicon-${name}`, "aria-hidden": "true" });
}

/** A button that shows only an icon; its label is what a screen reader says and what the mouse shows. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLElement {
  const button = el("vscode-button", { appearance: "icon", "aria-label": label, title: label }, icon(name));
  button.addEventListener("click", onClick);
  return button;
}

/**
 * Sets an attribute on the part of a toolkit's control that takes the focus. The toolkit does not hand on all of them, and the
 * part exists only once the control is in the page.
 */
export function setOnControl(element: HTMLElement, name: string, value: string): void {
  const { control } = element as { control?: HTMLElement };
  if (control === undefined) {
    requestAnimationFrame(() => (element as { control?: HTMLElement }).control?.setAttribute(name, value));
  } else {
    control.setAttribute(name, value);
  }
}

/** An icon button that is on or off. */
export function toggleButton(name: string, label: string, on: boolean, onToggle: (on: boolean) => void): HTMLElement {
  let pressed = on;
  const button = iconButton(name, label, () => {
    pressed = !pressed;
    show();
    onToggle(pressed);
  });
  button.classList.add("toggle");
  const show = (): void => {
    button.classList.toggle("on", pressed);
    setOnControl(button, "aria-pressed", String(pressed));
  };
  show();
  return button;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A drop-down list. `set` changes the choice without telling it to `onChange`. */
export function dropdown(
  label: string,
  choices: readonly Choice[],
  value: string,
  onChange: (value: string) => void,
): { element: HTMLElement; set(value: string): void } {
  const options = choices.map((choice) =>
    el("vscode-option", { value: choice.value, selected: choice.value === value }, choice.label),
  );
  const element = el("vscode-dropdown", { "aria-label": label, title: label }, ...options);
  element.addEventListener("change", () => onChange((element as HTMLInputElement).value));
  return {
    element,
    set: (next) => {
      (element as HTMLInputElement).value = next;
    },
  };
}
