import { RowKind } from "../../protocol/webview-logs";
import { type AnsiColor, ansiSpans } from "../shared/ansi";
import { matchRanges } from "../shared/log-filter";
import type { LogModel, LogRow } from "../shared/log-model";
import type { Theme } from "../shared/theme";
import { formatClock, formatMoment } from "../shared/time";
import { LogSelection } from "./log-selection";

export interface LogListOptions {
  timestamps: boolean;
  wrap: boolean;
}

export interface ReplicaStyle {
  readonly name: string;
  readonly color: number;
}

export interface LogListEvents {
  /** The pane began or ceased to follow the newest line. */
  onFollowChange(): void;
  /** Rows scrolled: older ones may leave now. */
  onScroll(): void;
}

/** Rows above and below the visible ones that are in the page too. */
const OVERSCAN = 8;
/** Highlighted places in one row. */
const HIGHLIGHTS = 50;

/**
 * Shows a model's rows in a scroller. Only the rows in sight are in the page; each has a place that follows from the model's
 * heights. Log text becomes text nodes and nothing else.
 */
export class LogList {
  readonly options: LogListOptions;
  readonly #scroller: HTMLElement;
  readonly #canvas: HTMLElement;
  readonly #model: LogModel;
  readonly #theme: Theme;
  readonly #events: LogListEvents;
  readonly #elements = new Map<number, HTMLElement>();
  readonly #selection: LogSelection;
  #replicas: readonly ReplicaStyle[] = [];
  #following = true;
  #frame = 0;
  #lineHeight = 18;
  #columnWidth = 8;
  #widest = 0;
  /** Scroll position that was set here, to tell it from one that the user chose. */
  #expectedTop = 0;

  constructor(scroller: HTMLElement, model: LogModel, theme: Theme, options: LogListOptions, events: LogListEvents) {
    this.#scroller = scroller;
    this.#model = model;
    this.#theme = theme;
    this.options = options;
    this.#events = events;
    this.#canvas = document.createElement("div");
    this.#canvas.className = "canvas";
    scroller.append(this.#canvas);
    this.#selection = new LogSelection(
      scroller,
      model,
      (row) => this.#copyPrefix(row),
      () => this.setFollowing(false),
    );
    scroller.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    scroller.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.layOut()).observe(scroller);
    theme.onChange(() => this.layOut());
  }

  get following(): boolean {
    return this.#following;
  }

  /** Oldest row in sight. */
  get firstVisible(): number {
    const position = this.#model.positionAt(this.#scroller.scrollTop / this.#lineHeight);
    return this.#model.at(position)?.sequence ?? this.#model.end;
  }

  setReplicas(replicas: readonly ReplicaStyle[]): void {
    this.#replicas = replicas;
    const longest = replicas.reduce((most, replica) => Math.max(most, replica.name.length), 0);
    this.#scroller.classList.toggle("named", replicas.length > 1);
    this.#scroller.style.setProperty("--name-columns", String(Math.min(longest, 24)));
    this.layOut();
  }

  setFollowing(following: boolean): void {
    if (following !== this.#following) {
      this.#following = following;
      this.#events.onFollowChange();
    }
    if (following) {
      this.#selection.clear();
      this.schedule();
    }
  }

  /** The model's rows changed at its end, and `gone` text lines left at its start. */
  rowsAdded(gone: number): void {
    if (!this.#following && gone > 0) {
      this.#scrollTo(this.#scroller.scrollTop - gone * this.#lineHeight);
    }
    this.schedule();
  }

  /** Everything may have changed: the filter, the font, the width, what is shown of a row. */
  layOut(): void {
    const anchor = this.#following ? undefined : this.firstVisible;
    this.#scroller.classList.toggle("wrap", this.options.wrap);
    this.#scroller.classList.toggle("times", this.options.timestamps);
    this.#measure();
    if (this.options.wrap) {
      const columns = this.#textColumns();
      this.#scroller.style.setProperty("--text-columns", String(columns));
      this.#model.setColumns(columns);
    } else {
      this.#model.setColumns(Number.POSITIVE_INFINITY);
    }
    this.#widest = 0;
    this.#drop();
    if (anchor !== undefined) {
      this.#setCanvasSize();
      this.#scrollTo(this.#model.top(this.#model.positionOf(anchor)) * this.#lineHeight);
    }
    this.schedule();
  }

  schedule(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        this.#render();
      });
    }
  }

  #measure(): void {
    const probe = document.createElement("div");
    probe.className = "row probe";
    probe.textContent = "0".repeat(100);
    this.#canvas.append(probe);
    const { width, height } = probe.getBoundingClientRect();
    probe.remove();
    if (width > 0 && height > 0) {
      this.#columnWidth = width / 100;
      this.#lineHeight = height;
    }
  }

  /** Columns that are left for the text of a row. */
  #textColumns(): number {
    const row = document.createElement("div");
    row.className = "row";
    const text = document.createElement("span");
    text.className = "text";
    row.append(...this.#columnElements(undefined), text);
    this.#canvas.append(row);
    const left = text.getBoundingClientRect().left - row.getBoundingClientRect().left;
    row.remove();
    const room = this.#scroller.clientWidth - left - 12;
    return Math.max(20, Math.floor(room / this.#columnWidth));
  }

  #setCanvasSize(): void {
    this.#canvas.style.height = `${this.#model.height * this.#lineHeight}px`;
  }

  #render(): void {
    const { clientHeight } = this.#scroller;
    const model = this.#model;
    this.#setCanvasSize();
    if (this.#following) {
      this.#scrollTo(model.height * this.#lineHeight);
    }
    const top = this.#scroller.scrollTop / this.#lineHeight;
    const from = Math.max(0, model.positionAt(top) - OVERSCAN);
    const to = Math.min(model.shown, model.positionAt(top + clientHeight / this.#lineHeight) + 1 + OVERSCAN);
    const kept = new Set<number>();
    let before: HTMLElement | null = null;
    for (let position = from; position < to; position += 1) {
      const row = model.at(position);
      if (row === undefined) {
        continue;
      }
      kept.add(row.sequence);
      const element = this.#elements.get(row.sequence) ?? this.#create(row, position);
      element.style.transform = `translateY(${model.top(position) * this.#lineHeight}px)`;
      const next: ChildNode | null = before === null ? this.#canvas.firstChild : before.nextSibling;
      if (next !== element) {
        this.#canvas.insertBefore(element, next);
      }
      before = element;
    }
    for (const [sequence, element] of this.#elements) {
      if (!kept.has(sequence)) {
        element.remove();
        this.#elements.delete(sequence);
      }
    }
    this.#widen();
    this.#highlight();
    this.#selection.restore(this.#elements);
  }

  /** In the mode without wrapping, the canvas is as wide as the widest row that has been in sight. */
  #widen(): void {
    if (this.options.wrap) {
      this.#canvas.style.width = "";
      return;
    }
    for (const element of this.#elements.values()) {
      this.#widest = Math.max(this.#widest, element.scrollWidth);
    }
    this.#canvas.style.width = `max(100%, ${this.#widest}px)`;
  }

  #create(row: LogRow, position: number): HTMLElement {
    const element = document.createElement("div");
    element.className = "row";
    element.dataset["sequence"] = String(row.sequence);
    const height = this.#model.rowHeight(position);
    if (height > 1) {
      element.style.height = `${height * this.#lineHeight}px`;
    }
    const text = document.createElement("span");
    text.className = "text";
    if (row.kind === RowKind.Stdout || row.kind === RowKind.Stderr) {
      element.classList.toggle("stderr", row.kind === RowKind.Stderr);
      element.append(...this.#columnElements(row), text);
      this.#appendSpans(text, row);
    } else {
      element.classList.add(row.kind === RowKind.Skipped ? "skipped" : "notice");
      const replica = this.#replicas[row.replica];
      text.textContent =
        row.kind === RowKind.Skipped && replica !== undefined && this.#replicas.length > 1
          ? `${replica.name}: ${row.plain}`
          : row.plain;
      element.append(text);
    }
    this.#elements.set(row.sequence, element);
    return element;
  }

  /** Time stamp, name and colour of a row's replica; without a row, elements of the same size. */
  #columnElements(row: LogRow | undefined): HTMLElement[] {
    const elements: HTMLElement[] = [];
    if (this.options.timestamps) {
      const time = document.createElement("span");
      time.className = "time";
      time.textContent = row === undefined ? "00:00:00.000" : formatClock(row.timeMs);
      if (row !== undefined && row.timeMs > 0) {
        time.title = formatMoment(row.timeMs);
      }
      elements.push(time);
    }
    const replica = row === undefined ? undefined : this.#replicas[row.replica];
    const bar = document.createElement("span");
    bar.className = "bar";
    if (row !== undefined) {
      bar.style.backgroundColor = this.#theme.replica(replica?.color ?? 0);
    }
    if (this.#replicas.length > 1) {
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = replica?.name ?? "";
      if (replica !== undefined) {
        name.style.color = this.#theme.replica(replica.color);
        name.title = replica.name;
      }
      elements.push(bar, name);
    } else {
      elements.push(bar);
    }
    const mark = document.createElement("span");
    mark.className = "mark";
    if (row?.kind === RowKind.Stderr) {
      mark.textContent = "E";
      mark.title = "Standard error";
    }
    elements.push(mark);
    return elements;
  }

  #appendSpans(parent: HTMLElement, row: LogRow): void {
    for (const span of ansiSpans(row.text)) {
      const plain = !(span.fg || span.bg || span.bold || span.dim || span.italic || span.underline || span.strike);
      if (plain) {
        parent.append(span.text);
        continue;
      }
      const element = document.createElement("span");
      element.textContent = span.text;
      const decoration = [span.underline ? "underline" : "", span.strike ? "line-through" : ""].join(" ").trim();
      element.style.textDecoration = decoration;
      element.style.fontWeight = span.bold ? "bold" : "";
      element.style.fontStyle = span.italic ? "italic" : "";
      element.classList.toggle("dim", span.dim);
      const background = span.bg === undefined ? undefined : this.#rgb(span.bg);
      if (background !== undefined) {
        element.style.backgroundColor = `rgb(${background.join(", ")})`;
        element.style.color = this.#theme.readable(
          span.fg === undefined ? this.#foreground() : this.#rgb(span.fg),
          background,
        );
      } else if (span.fg !== undefined) {
        element.style.color =
          span.fg.kind === "theme" ? this.#theme.ansi(span.fg.index) : this.#theme.readable(span.fg.rgb);
      }
      parent.append(element);
    }
  }

  #rgb(color: AnsiColor): readonly [number, number, number] {
    return color.kind === "rgb" ? color.rgb : this.#theme.ansiRgb(color.index);
  }

  #foreground(): readonly [number, number, number] {
    return this.#theme.color("--vscode-editor-foreground", [204, 204, 204]);
  }

  /** Marks what the filter found. Highlights lie over the text; they add no elements. */
  #highlight(): void {
    const ranges: Range[] = [];
    if (this.#model.filter.kind === "pattern") {
      for (const [sequence, element] of this.#elements) {
        const row = this.#model.get(sequence);
        const text = element.querySelector(".text");
        if (row !== undefined && text !== null) {
          for (const [start, end] of matchRanges(this.#model.filter, row.plain, HIGHLIGHTS)) {
            ranges.push(rangeOf(text, start, end));
          }
        }
      }
    }
    CSS.highlights.set("filter-match", new Highlight(...ranges));
  }

  #drop(): void {
    for (const element of this.#elements.values()) {
      element.remove();
    }
    this.#elements.clear();
  }

  #copyPrefix(row: LogRow): string {
    const time = this.options.timestamps && row.timeMs > 0 ? `${formatMoment(row.timeMs)} ` : "";
    const name = this.#replicas.length > 1 ? `${this.#replicas[row.replica]?.name ?? ""} ` : "";
    return row.kind === RowKind.Stdout || row.kind === RowKind.Stderr ? time + name : "";
  }

  #scrollTo(top: number): void {
    this.#scroller.scrollTop = top;
    this.#expectedTop = this.#scroller.scrollTop;
  }

  #onScroll(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (Math.abs(scrollTop - this.#expectedTop) > 1) {
      const atEnd = scrollTop + clientHeight >= scrollHeight - this.#lineHeight / 2;
      if (scrollTop < this.#expectedTop && this.#following && !atEnd) {
        this.setFollowing(false);
      } else if (atEnd && !this.#following && scrollTop > this.#expectedTop) {
        this.setFollowing(true);
      }
    }
    this.#expectedTop = scrollTop;
    this.schedule();
    this.#events.onScroll();
  }

  #onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#lineHeight) - 1) * this.#lineHeight;
    const moves: Record<string, number> = {
      ArrowUp: -this.#lineHeight,
      ArrowDown: this.#lineHeight,
      PageUp: -page,
      PageDown: page,
      Home: -this.#scroller.scrollHeight,
    };
    const move = moves[event.key];
    if (event.key === "End") {
      event.preventDefault();
      this.setFollowing(true);
    } else if (move !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      this.#scroller.scrollTop += move;
    } else if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.setFollowing(false);
      this.#selection.selectAll();
      this.schedule();
    }
  }
}

/** The range of a row's text from one offset to another; its text may be spread over several elements. */
export function rangeOf(text: Element, start: number, end: number): Range {
  const range = document.createRange();
  const [startNode, startOffset] = nodeAt(text, start);
  const [endNode, endOffset] = nodeAt(text, end);
  range.setStart(startNode, startOffset);
  range.setEnd(endNode, endOffset);
  return range;
}

function nodeAt(text: Element, offset: number): [Node, number] {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let rest = offset;
  let last: Node = text;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (rest <= length) {
      return [node, rest];
    }
    rest -= length;
    last = node;
  }
  return [last, last === text ? text.childNodes.length : (last.nodeValue?.length ?? 0)];
}
