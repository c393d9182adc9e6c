import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";
import { el, icon } from "./dom";

/** A column of a grid. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Track of the CSS grid that holds a row. */
  readonly width: string;
  readonly numeric?: boolean;
  /** The list can be sorted by it. */
  readonly sortable?: boolean;
  /** What it shows changes with the time. */
  readonly ticks?: boolean;
  cell(row: Row): Node | string;
}

export interface GridOptions<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  idOf(row: Row): string;
  /** The row was clicked, or Enter was pressed on it. */
  onActivate(row: Row): void;
  onSort?(key: string): void;
}

/** Pixels; the style sheet has the same. */
const ROW = 30;
const NARROW_ROW = 64;
/** Below this width, in pixels, a row is a card of several lines. */
const NARROW = 640;
const OVERSCAN = 8;

let grids = 0;

/**
 * A list of any length of which only the rows in sight are in the page. The grid is one stop of the Tab key; the arrow keys move
 * in it, and Enter activates.
 */
export class VirtualGrid<Row> {
  readonly element: HTMLElement;
  readonly #options: GridOptions<Row>;
  readonly #prefix = `grid${++grids}`;
  readonly #canvas = el("div", { class: "grid-canvas", role: "rowgroup" });
  readonly #headings = new Map<string, HTMLElement>();
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #unmount: () => void;
  readonly #observer: ResizeObserver;
  /** Elements in sight, by id, with the row that each shows. */
  readonly #shown = new Map<string, { element: HTMLElement; row: Row }>();
  #rows: readonly Row[] = [];
  #selected: string | undefined;
  #active: string | undefined;
  #narrow = false;

  constructor(options: GridOptions<Row>) {
    this.#options = options;
    const headings = options.columns.map((column, at) => this.#heading(column, at));
    const head = el("div", { class: "grid-row grid-head", role: "row", "aria-rowindex": "1" }, ...headings);
    const count = String(options.columns.length);
    this.element = el(
      "div",
      { class: "grid", role: "grid", tabindex: "0", "aria-label": options.label, "aria-colcount": count },
      el("div", { role: "rowgroup", class: "grid-top" }, head),
      this.#canvas,
    );
    this.element.style.setProperty("--columns", options.columns.map(({ width }) => width).join(" "));
    this.#virtualizer = new Virtualizer({
      count: 0,
      getScrollElement: () => this.element,
      estimateSize: () => (this.#narrow ? NARROW_ROW : ROW),
      getItemKey: (index) => this.#idAt(index),
      overscan: OVERSCAN,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.#render(),
      scrollPaddingStart: ROW,
    });
    this.#unmount = this.#virtualizer._didMount();
    this.#virtualizer._willUpdate();
    this.#observer = new ResizeObserver(() => this.#onResize());
    this.#observer.observe(this.element);
    this.element.addEventListener("keydown", (event) => this.#onKey(event));
    this.element.addEventListener("focus", () => this.#showActive());
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#unmount();
  }

  /** Shows other rows. One that is the same object as before is not drawn again. */
  setRows(rows: readonly Row[]): void {
    this.#rows = rows;
    this.element.setAttribute("aria-rowcount", String(rows.length + 1));
    this.#virtualizer.setOptions({ ...this.#virtualizer.options, count: rows.length });
    this.#virtualizer._willUpdate();
    this.#render();
  }

  /** Marks the row that is open; `undefined` for none. */
  select(id: string | undefined): void {
    this.#selected = id;
    this.#active = id ?? this.#active;
    this.#render();
  }

  /** Draws the cells again that show a time that goes on. */
  tick(): void {
    const columns = this.#options.columns;
    for (const { element, row } of this.#shown.values()) {
      columns.forEach((column, at) => {
        if (column.ticks === true) {
          element.children[at]?.replaceChildren(column.cell(row));
        }
      });
    }
  }

  setSort(key: string, descending: boolean): void {
    for (const [own, heading] of this.#headings) {
      const on = own === key;
      heading.setAttribute("aria-sort", on ? (descending ? "descending" : "ascending") : "none");
      heading.querySelector(".sort-mark")?.remove();
      if (on) {
        const mark = icon(descending ? "arrow-down" : "arrow-up");
        mark.classList.add("sort-mark");
        heading.firstElementChild?.append(mark);
      }
    }
  }

  #heading(column: Column<Row>, at: number): HTMLElement {
    const attributes = {
      class: column.numeric === true ? "grid-cell numeric" : "grid-cell",
      role: "columnheader",
      "aria-colindex": String(at + 1),
    };
    if (column.sortable !== true) {
      return el("div", attributes, column.title);
    }
    const button = el("button", { type: "button", title: `Sort by ${column.title.toLowerCase()}` }, column.title);
    button.addEventListener("click", () => this.#options.onSort?.(column.key));
    const heading = el("div", { ...attributes, "aria-sort": "none" }, button);
    this.#headings.set(column.key, heading);
    return heading;
  }

  #idAt(index: number): string {
    const row = this.#rows[index];
    return row === undefined ? String(index) : this.#options.idOf(row);
  }

  #render(): void {
    this.#canvas.style.height = `${this.#virtualizer.getTotalSize()}px`;
    const items = this.#virtualizer.getVirtualItems();
    const kept = new Set<string>();
    let before: HTMLElement | null = null;
    for (const item of items) {
      const row = this.#rows[item.index];
      if (row === undefined) {
        continue;
      }
      const id = this.#options.idOf(row);
      kept.add(id);
      const element = this.#elementOf(id, row);
      this.#place(element, id, item);
      const next: ChildNode | null = before === null ? this.#canvas.firstChild : before.nextSibling;
      if (next !== element) {
        this.#canvas.insertBefore(element, next);
      }
      before = element;
    }
    for (const [id, { element }] of this.#shown) {
      if (!kept.has(id)) {
        element.remove();
        this.#shown.delete(id);
      }
    }
    this.#showActive();
  }

  #elementOf(id: string, row: Row): HTMLElement {
    const known = this.#shown.get(id);
    if (known?.row === row) {
      return known.element;
    }
    const cells = this.#options.columns.map((column, at) => {
      const name = column.numeric === true ? "grid-cell numeric" : "grid-cell";
      const attributes = {
        class: `${name} column-${column.key}`,
        role: "gridcell",
        "aria-colindex": String(at + 1),
        "data-title": column.title,
      };
      return el("div", attributes, column.cell(row));
    });
    const element = el("div", { class: "grid-row", role: "row", id: this.#domId(id) }, ...cells);
    element.addEventListener("click", () => {
      this.#active = id;
      this.#options.onActivate(row);
    });
    known?.element.remove();
    this.#shown.set(id, { element, row });
    return element;
  }

  #place(element: HTMLElement, id: string, item: VirtualItem): void {
    element.style.transform = `translateY(${item.start}px)`;
    element.style.height = `${item.size}px`;
    element.setAttribute("aria-rowindex", String(item.index + 2));
    element.setAttribute("aria-selected", String(id === this.#selected));
    element.classList.toggle("active", id === this.#active);
  }

  #showActive(): void {
    const shown = this.#active === undefined ? undefined : this.#shown.get(this.#active);
    if (shown === undefined) {
      this.element.removeAttribute("aria-activedescendant");
    } else {
      this.element.setAttribute("aria-activedescendant", shown.element.id);
    }
    for (const [id, { element }] of this.#shown) {
      element.classList.toggle("active", id === this.#active);
    }
  }

  #domId(id: string): string {
    return `${this.#prefix}-${id}`;
  }

  #onResize(): void {
    const narrow = this.element.clientWidth > 0 && this.element.clientWidth < NARROW;
    if (narrow !== this.#narrow) {
      this.#narrow = narrow;
      this.element.classList.toggle("narrow", narrow);
      this.#virtualizer.measure();
    }
    this.#render();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey || this.#rows.length === 0) {
      return;
    }
    const last = this.#rows.length - 1;
    const at = this.#rows.findIndex((row) => this.#options.idOf(row) === this.#active);
    const size = this.#narrow ? NARROW_ROW : ROW;
    const page = Math.max(1, Math.floor(this.element.clientHeight / size) - 2);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: Math.max(0, at) - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: last,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      event.preventDefault();
      const index = Math.min(last, Math.max(0, target));
      this.#active = this.#idAt(index);
      this.#virtualizer.scrollToIndex(index);
      this.#render();
    } else if (event.key === "Enter" || event.key === " ") {
      const row = this.#rows[at];
      if (row !== undefined) {
        event.preventDefault();
        this.#options.onActivate(row);
      }
    }
  }
}
