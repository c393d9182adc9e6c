import type { LogModel, LogRow } from "../shared/log-model";
import { rangeOf } from "./log-list";

/** A place in the text of a row. */
interface Place {
  readonly sequence: number;
  readonly offset: number;
}

/**
 * The selected text. The browser selects only what is in the page, and rows leave the page when they are scrolled out of
 * sight, so the selection is kept as places in the rows, shown again when they come back, and copied from the model.
 */
export class LogSelection {
  readonly #scroller: HTMLElement;
  readonly #model: LogModel;
  readonly #prefix: (row: LogRow) => string;
  readonly #onSelect: () => void;
  #anchor: Place | undefined;
  #focus: Place | undefined;
  /** The selection was set here and not by the user. */
  #restoring = false;
  #dragging = false;

  /**
   * @param prefix What is copied before the text of a row that is copied whole.
   * @param onSelect The user selects text: it must not move under the pointer.
   */
  constructor(scroller: HTMLElement, model: LogModel, prefix: (row: LogRow) => string, onSelect: () => void) {
    this.#scroller = scroller;
    this.#model = model;
    this.#prefix = prefix;
    this.#onSelect = onSelect;
    scroller.addEventListener("pointerdown", (event) => {
      this.#dragging = event.button === 0;
      if (event.button === 0 && !event.shiftKey) {
        this.#anchor = undefined;
        this.#focus = undefined;
      }
    });
    document.addEventListener("pointerup", () => {
      this.#dragging = false;
    });
    document.addEventListener("selectionchange", () => this.#read());
    document.addEventListener("copy", (event) => this.#copy(event));
  }

  clear(): void {
    if (this.#anchor !== undefined) {
      this.#anchor = undefined;
      this.#focus = undefined;
      document.getSelection()?.removeAllRanges();
    }
  }

  /** Selects every shown row. */
  selectAll(): void {
    const first = this.#model.at(0);
    const last = this.#model.at(this.#model.shown - 1);
    if (first !== undefined && last !== undefined) {
      this.#anchor = { sequence: first.sequence, offset: 0 };
      this.#focus = { sequence: last.sequence, offset: last.plain.length };
    }
  }

  /** Shows the selection in the rows that are in the page now. */
  restore(elements: ReadonlyMap<number, HTMLElement>): void {
    const [start, end] = this.#ordered();
    if (start === undefined || end === undefined || this.#dragging) {
      return;
    }
    const sequences = [...elements.keys()].filter((at) => at >= start.sequence && at <= end.sequence);
    if (sequences.length === 0) {
      return;
    }
    const first = elements.get(Math.min(...sequences))?.querySelector(".text");
    const last = elements.get(Math.max(...sequences))?.querySelector(".text");
    if (!first || !last) {
      return;
    }
    const from = Math.min(...sequences) === start.sequence ? start.offset : 0;
    const to = Math.max(...sequences) === end.sequence ? end.offset : (last.textContent?.length ?? 0);
    const range = rangeOf(first, from, from);
    const until = rangeOf(last, to, to);
    range.setEnd(until.endContainer, until.endOffset);
    const selection = document.getSelection();
    const shown = selection?.rangeCount === 1 ? selection.getRangeAt(0) : undefined;
    if (
      shown?.startContainer === range.startContainer &&
      shown.startOffset === range.startOffset &&
      shown.endContainer === range.endContainer &&
      shown.endOffset === range.endOffset
    ) {
      return;
    }
    this.#restoring = true;
    selection?.removeAllRanges();
    selection?.addRange(range);
  }

  #read(): void {
    if (this.#restoring) {
      this.#restoring = false;
      return;
    }
    const selection = document.getSelection();
    if (selection === null || !this.#dragging) {
      return;
    }
    this.#anchor ??= this.#placeOf(selection.anchorNode, selection.anchorOffset);
    this.#focus = this.#placeOf(selection.focusNode, selection.focusOffset) ?? this.#focus;
    if (this.#anchor !== undefined && !selection.isCollapsed) {
      this.#onSelect();
    }
  }

  #placeOf(node: Node | null, offset: number): Place | undefined {
    const element = node instanceof Element ? node : node?.parentElement;
    const row = element?.closest<HTMLElement>(".row");
    const sequence = row?.dataset["sequence"];
    if (node === null || row === null || row === undefined || sequence === undefined || !this.#scroller.contains(row)) {
      return undefined;
    }
    const text = row.querySelector(".text");
    if (text === null) {
      return undefined;
    }
    const range = document.createRange();
    range.setStart(text, 0);
    try {
      range.setEnd(node, offset);
    } catch {
      return { sequence: Number(sequence), offset: 0 };
    }
    return { sequence: Number(sequence), offset: text.contains(node) ? range.toString().length : 0 };
  }

  #ordered(): [Place?, Place?] {
    const [a, b] = [this.#anchor, this.#focus];
    if (a === undefined || b === undefined) {
      return [];
    }
    return a.sequence < b.sequence || (a.sequence === b.sequence && a.offset <= b.offset) ? [a, b] : [b, a];
  }

  #copy(event: ClipboardEvent): void {
    const [start, end] = this.#ordered();
    const inField = event.target instanceof Element && event.target.closest("vscode-text-field, input") !== null;
    if (start === undefined || end === undefined || inField) {
      return;
    }
    const lines: string[] = [];
    const model = this.#model;
    for (let at = model.positionOf(start.sequence); at < model.shown; at += 1) {
      const row = model.at(at);
      if (row === undefined || row.sequence > end.sequence) {
        break;
      }
      const from = row.sequence === start.sequence ? start.offset : 0;
      const to = row.sequence === end.sequence ? end.offset : row.plain.length;
      const whole = from === 0 && start.sequence !== end.sequence;
      lines.push((whole ? this.#prefix(row) : "") + row.plain.slice(from, to));
    }
    const text = lines.join("\n");
    if (text !== "") {
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    }
  }
}
