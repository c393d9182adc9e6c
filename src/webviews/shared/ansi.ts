import Anser from "anser";

/** A colour of the terminal: one of its 16 by number, or any other by its parts. */
export type AnsiColor =
  | { readonly kind: "theme"; readonly index: number }
  | { readonly kind: "rgb"; readonly rgb: readonly [number, number, number] };

/** A piece of a line in one style. */
export interface AnsiSpan {
  readonly text: string;
  readonly fg?: AnsiColor;
  readonly bg?: AnsiColor;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly strike: boolean;
}

// Everything that a terminal would act upon and that a log must not show, apart from colours and styles (CSI … m): operating
// system commands and other strings, control sequences, two-character escapes.
const NOT_STYLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of them.
  /\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b\[[0-?]*[ -/]*[@-ln-~]|\u001b[ -/]*[0-Z\\-~]|\u001b\[[0-?]*[ -/]*$/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed.
const STYLE = /\u001b\[[0-9;:]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed; tab and escape stay.
const CONTROL = /[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that need any work at all.
const NEEDS_WORK = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Only text and styles: what a terminal would overwrite after a carriage return goes, as do other escape sequences. */
function withStyles(text: string): string {
  const line = text.slice(text.lastIndexOf("\r", text.length - 2) + 1);
  return line.replace(NOT_STYLE, "").replace(CONTROL, "");
}

/** The text that the user sees, without any escape sequence. */
export function plainText(text: string): string {
  return NEEDS_WORK.test(text) ? withStyles(text).replace(STYLE, "").replaceAll("\u001b", "") : text;
}

/** The pieces of a line in their styles. Their texts together are `plainText(text)`. */
export function ansiSpans(text: string): AnsiSpan[] {
  if (!NEEDS_WORK.test(text)) {
    return [{ text, bold: false, dim: false, italic: false, underline: false, strike: false }];
  }
  return Anser.ansiToJson(withStyles(text), { use_classes: true, remove_empty: true, json: true }).map((part) => {
    const has = (name: Anser.DecorationName): boolean => part.decorations.includes(name);
    const fg = toColor(part.fg, part.fg_truecolor);
    const bg = toColor(part.bg, part.bg_truecolor);
    return {
      text: part.content.replaceAll("\u001b", ""),
      ...(fg === undefined ? {} : { fg }),
      ...(bg === undefined ? {} : { bg }),
      bold: has("bold"),
      dim: has("dim"),
      italic: has("italic"),
      underline: has("underline"),
      strike: has("strikethrough"),
    };
  });
}

const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

function toColor(name: string | null, truecolor: string | null): AnsiColor | undefined {
  if (name === null || name === "") {
    return undefined;
  }
  if (name === "ansi-truecolor") {
    return rgbOf(truecolor);
  }
  const bright = name.startsWith("ansi-bright-");
  const index = NAMES.indexOf(name.slice(bright ? "ansi-bright-".length : "ansi-".length));
  if (index !== -1) {
    return { kind: "theme", index: index + (bright ? 8 : 0) };
  }
  const palette = /^ansi-palette-(\d+)$/.exec(name);
  return palette === null ? undefined : paletteColor(Number(palette[1]));
}

function rgbOf(truecolor: string | null): AnsiColor | undefined {
  const [red, green, blue] = (truecolor ?? "").split(",").map(Number);
  if (red === undefined || green === undefined || blue === undefined) {
    return undefined;
  }
  const byte = (part: number): number => Math.min(255, Math.max(0, Number.isFinite(part) ? part : 0));
  return { kind: "rgb", rgb: [byte(red), byte(green), byte(blue)] };
}

/** The 256 colours of xterm: 16 of the theme, a cube of 6 by 6 by 6, 24 greys. */
function paletteColor(index: number): AnsiColor | undefined {
  if (index < 16) {
    return { kind: "theme", index };
  }
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return index > 255 ? undefined : { kind: "rgb", rgb: [grey, grey, grey] };
  }
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return { kind: "rgb", rgb: [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)] };
}
