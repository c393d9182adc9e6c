import { ensureContrast, parseRgb, type Rgb, toCss } from "./contrast";

/** Theme colours in the order of the terminal's 16 colours. */
const ANSI_NAMES = ["Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"];
const ANSI_VARIABLES = [
  ...ANSI_NAMES.map((name) => `--vscode-terminal-ansi${name}`),
  ...ANSI_NAMES.map((name) => `--vscode-terminal-ansiBright${name}`),
];

/** Colours that tell replicas apart. Red comes last: it looks like an error. */
const REPLICA_VARIABLES = [
  "--vscode-charts-blue",
  "--vscode-charts-green",
  "--vscode-charts-orange",
  "--vscode-charts-purple",
  "--vscode-terminal-ansiCyan",
  "--vscode-charts-yellow",
  "--vscode-terminal-ansiMagenta",
  "--vscode-charts-red",
];

/** A little more than the 4.5 that WCAG asks for, because some rows are tinted. */
const LEAST_CONTRAST = 5.5;

const FALLBACK_BACKGROUND: Rgb = [30, 30, 30];

/** The colours of the editor's theme, made readable on its background. */
export class Theme {
  #background: Rgb = FALLBACK_BACKGROUND;
  #ratio = LEAST_CONTRAST;
  #ansi: Rgb[] = [];
  #replicas: string[] = [];
  readonly #cache = new Map<string, string>();
  readonly #listeners: (() => void)[] = [];
  readonly #probe = document.createElement("span");

  constructor() {
    this.#probe.hidden = true;
    document.body.append(this.#probe);
    this.#read();
    const observer = new MutationObserver(() => {
      this.#read();
      for (const listener of this.#listeners) {
        listener();
      }
    });
    observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** One of the terminal's 16 colours, readable on the background. */
  ansi(index: number): string {
    return this.readable(this.ansiRgb(index));
  }

  /** One of the terminal's 16 colours as the theme has it. */
  ansiRgb(index: number): Rgb {
    return this.#ansi[index] ?? [128, 128, 128];
  }

  replica(color: number): string {
    return this.#replicas[color % this.#replicas.length] ?? "inherit";
  }

  /** `rgb` made readable on `background`, or on the theme's background. */
  readable(rgb: Rgb, background?: Rgb): string {
    const key = `${rgb.join()}|${background?.join() ?? ""}`;
    let css = this.#cache.get(key);
    if (css === undefined) {
      if (this.#cache.size > 4_096) {
        this.#cache.clear();
      }
      css = toCss(ensureContrast(rgb, background ?? this.#background, this.#ratio));
      this.#cache.set(key, css);
    }
    return css;
  }

  /** The first of the variables that the theme has, as CSS. */
  css(...variables: readonly string[]): string {
    const style = getComputedStyle(document.documentElement);
    return variables.map((variable) => style.getPropertyValue(variable).trim()).find((value) => value !== "") ?? "gray";
  }

  /** The editor's font for labels, as a canvas wants it. @param size in pixels */
  font(size: number): string {
    return `${size}px ${getComputedStyle(document.body).fontFamily}`;
  }

  /** A see-through colour. @param color as `replica` gives it, or a variable of the theme. @param share from 0 to 1 */
  faint(color: string, share: number): string {
    const rgb = color.startsWith("--") ? this.color(color, [128, 128, 128]) : parseRgb(color);
    return rgb === undefined ? "transparent" : `rgba(${rgb.map(Math.round).join(", ")}, ${share})`;
  }

  /** A colour of the theme, or `fallback` where the theme has none. */
  color(variable: string, fallback: Rgb): Rgb {
    const value = getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
    if (value === "") {
      return fallback;
    }
    this.#probe.style.color = "";
    this.#probe.style.color = value;
    return parseRgb(getComputedStyle(this.#probe).color, this.#background) ?? fallback;
  }

  #read(): void {
    this.#cache.clear();
    this.#background = this.color("--vscode-editor-background", FALLBACK_BACKGROUND);
    this.#ratio = /\bvscode-high-contrast/.test(document.body.className) ? 7.5 : LEAST_CONTRAST;
    const foreground = this.color("--vscode-editor-foreground", [204, 204, 204]);
    this.#ansi = ANSI_VARIABLES.map((variable) => this.color(variable, foreground));
    this.#replicas = REPLICA_VARIABLES.map((variable) => this.readable(this.color(variable, foreground)));
  }
}
