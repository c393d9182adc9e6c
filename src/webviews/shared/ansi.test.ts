import { describe, expect, it } from "vitest";
import { ansiSpans, plainText } from "./ansi";

const ESC = "\u001b";
const theme = (index: number) => ({ kind: "theme", index });

describe("plainText", () => {
  it.each([
    ["plain text", "as it is", "as it is"],
    ["colours and styles", `${ESC}[1;31mred${ESC}[0m rest`, "red rest"],
    ["a window title", `${ESC}]0;owned\u0007text`, "text"],
    ["a link", `${ESC}]8;;http://x${ESC}\\label${ESC}]8;;${ESC}\\`, "label"],
    ["cursor movements and clearing", `${ESC}[2J${ESC}[10;5Ha${ESC}[K${ESC}[?25lb`, "ab"],
    ["a device control string", `${ESC}P1$r0m${ESC}\\text`, "text"],
    ["a charset switch and a reset", `${ESC}(Ba${ESC}cb`, "ab"],
    ["a sequence that was cut off", `text${ESC}[3`, "text"],
    ["bells, backspaces and nulls", "a\u0007b\u0008c\u0000d", "abcd"],
    ["progress that overwrites itself", "10%\r50%\r100%", "100%"],
    ["a carriage return at the end", "done\r", "done"],
    ["a tab", "a\tb", "a\tb"],
  ])("keeps of %s what can be read", (_name, text, expected) => {
    expect(plainText(text)).toBe(expected);
  });
});

describe("ansiSpans", () => {
  it("gives colours of the theme, of the palette of 256, and of 16 million", () => {
    const spans = ansiSpans(
      `${ESC}[32mgreen${ESC}[0m${ESC}[91mbright${ESC}[0m${ESC}[38;5;208mpalette${ESC}[0m${ESC}[38;5;9mlow${ESC}[0m${ESC}[48;2;1;2;3mtrue`,
    );
    expect(spans.map(({ text, fg, bg }) => ({ text, fg, bg }))).toEqual([
      { text: "green", fg: theme(2), bg: undefined },
      { text: "bright", fg: theme(9), bg: undefined },
      { text: "palette", fg: { kind: "rgb", rgb: [255, 135, 0] }, bg: undefined },
      { text: "low", fg: theme(9), bg: undefined },
      { text: "true", fg: undefined, bg: { kind: "rgb", rgb: [1, 2, 3] } },
    ]);
  });

  it("swaps the colours of inverted text", () => {
    const [both, one] = ansiSpans(`${ESC}[31;44;7mboth${ESC}[0m${ESC}[7mtheme`);
    expect([both?.fg, both?.bg]).toEqual([theme(4), theme(1)]);
    expect([one?.fg, one?.bg]).toEqual([theme(0), theme(7)]);
  });

  it("gives styles, and ends them", () => {
    const [bold, more, none] = ansiSpans(`${ESC}[1mbold${ESC}[3;4;9mmore${ESC}[0mnone`);
    expect(bold).toMatchObject({ text: "bold", bold: true, italic: false });
    expect(more).toMatchObject({ text: "more", bold: true, italic: true, underline: true, strike: true });
    expect(none).toMatchObject({ text: "none", bold: false, italic: false, underline: false, strike: false });
  });

  it.each([
    `${ESC}[1;31mred${ESC}[0m\tand ${ESC}]0;t\u0007x${ESC}[Ky`,
    "10%\r20%\r",
    `${ESC}[38;5;999mnone${ESC}[38;2;1mshort`,
    "<script>alert(1)</script>&amp;",
    `${ESC}`,
    `a${ESC}`,
    "",
  ])("shows exactly the plain text of %j", (text) => {
    expect(
      ansiSpans(text)
        .map((span) => span.text)
        .join(""),
    ).toBe(plainText(text));
  });
});
