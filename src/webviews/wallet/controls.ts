import { el, icon } from "../shared/dom";

/** A button with a text, and a key by which the focus finds it again. */
export function button(
  label: string,
  onClick: () => void,
  options: {
    readonly key?: string;
    readonly icon?: string;
    readonly primary?: boolean;
    readonly disabled?: boolean;
  } = {},
): HTMLElement {
  const element = el(
    "vscode-button",
    {
      appearance: options.primary ? "primary" : "secondary",
      "data-key": options.key ?? label,
      disabled: options.disabled ?? false,
    },
    ...(options.icon === undefined ? [] : [icon(options.icon)]),
    label,
  );
  element.addEventListener("click", onClick);
  return element;
}

/** What is going on or went wrong, with a symbol. */
export function notice(kind: "info" | "warning" | "error", ...content: (Node | string)[]): HTMLElement {
  return el(
    "div",
    { class: `notice ${kind}`, role: kind === "error" ? "alert" : "status" },
    icon(kind),
    el("div", {}, ...content),
  );
}

/** Names and values. */
export function facts(rows: readonly (readonly [string, Node | string])[]): HTMLElement {
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** `0x1234…abcd`, whole for the mouse and the screen reader. */
export function shortHex(text: string): HTMLElement {
  return el(
    "span",
    { class: "hex", title: text, "aria-label": text, role: "text" },
    `${text.slice(0, 8)}…${text.slice(-6)}`,
  );
}
