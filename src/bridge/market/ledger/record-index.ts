// An index over records in memory. What lists are filtered by is kept in columns of numbers, which fit into a processor's cache where the
// records do not; sorted lists are made when they are first asked for and then kept up to date.

/** What a sort compares. All values of one key are of one type. */
type Comparable = bigint | number;

export interface IndexDefinition<Row, Id, SortKey extends string, Column extends string> {
  readonly id: (row: Row) => Id;
  /** Order of those that are equal otherwise; below zero when `a` comes first. */
  readonly compareIds: (a: Id, b: Id) => number;
  readonly sortKeys: Readonly<Record<SortKey, (row: Row) => Comparable>>;
  readonly columns: Readonly<Record<Column, (row: Row) => number>>;
}

/** A condition on one column. */
export interface ColumnTest<Column extends string> {
  readonly column: Column;
  readonly accept: (value: number) => boolean;
}

export class RecordIndex<Row, Id, SortKey extends string, Column extends string> {
  readonly #definition: IndexDefinition<Row, Id, SortKey, Column>;
  readonly #columnNames: readonly Column[];
  readonly #slots = new Map<Id, number>();
  readonly #byId = new Map<Id, Row>();
  readonly #rows: (Row | undefined)[] = [];
  readonly #columns: Float64Array[];
  /** Lists of slots. */
  readonly #sorted = new Map<SortKey, number[]>();
  readonly #free: number[] = [];

  constructor(definition: IndexDefinition<Row, Id, SortKey, Column>) {
    this.#definition = definition;
    this.#columnNames = Object.keys(definition.columns) as Column[];
    this.#columns = this.#columnNames.map(() => new Float64Array(64));
  }

  get rows(): ReadonlyMap<Id, Row> {
    return this.#byId;
  }

  /** Sets, replaces or removes a row. */
  set(id: Id, row: Row | undefined): void {
    const before = this.#byId.get(id);
    if (before === undefined && row === undefined) {
      return;
    }
    const slot = this.#slots.get(id) ?? this.#free.pop() ?? this.#rows.length;
    const moved: SortKey[] = [];
    for (const [key, list] of this.#sorted) {
      const compare = this.#comparator(key);
      if (before === undefined || row === undefined || compare(before, row) !== 0) {
        moved.push(key);
        if (before !== undefined) {
          list.splice(this.#position(list, before, compare), 1);
        }
      }
    }
    if (row === undefined) {
      this.#byId.delete(id);
      this.#slots.delete(id);
      this.#rows[slot] = undefined;
      this.#free.push(slot);
      return;
    }
    for (const key of moved) {
      const list = this.#sorted.get(key);
      list?.splice(this.#position(list, row, this.#comparator(key)), 0, slot);
    }
    this.#byId.set(id, row);
    this.#slots.set(id, slot);
    this.#rows[slot] = row;
    this.#fill(slot, row);
  }

  clear(): void {
    this.#byId.clear();
    this.#slots.clear();
    this.#rows.length = 0;
    this.#free.length = 0;
    this.#sorted.clear();
  }

  /**
   * One page of the rows that meet all conditions.
   *
   * @param query.candidates the rows that alone can meet them, when they are few; undefined for all
   * @param query.where asked only of rows that meet the tests
   */
  page(query: {
    readonly candidates?: Iterable<Id> | undefined;
    readonly tests: readonly ColumnTest<Column>[];
    readonly where: ((row: Row) => boolean) | undefined;
    readonly by: SortKey;
    readonly descending: boolean;
    readonly offset: number;
    readonly limit: number;
  }): { readonly rows: readonly Row[]; readonly total: number } {
    const { tests, where, by, descending, offset, limit } = query;
    const list = query.candidates === undefined ? this.#list(by) : this.#few(query.candidates, by);
    const columns = tests.map(({ column }) => this.#column(column));
    const rows: Row[] = [];
    let total = 0;
    next: for (let i = 0; i < list.length; i++) {
      const slot = list[descending ? list.length - 1 - i : i] as number;
      for (let test = 0; test < tests.length; test++) {
        if (tests[test]?.accept(columns[test]?.[slot] ?? Number.NaN) !== true) {
          continue next;
        }
      }
      if (where !== undefined && !where(this.#rows[slot] as Row)) {
        continue;
      }
      if (total >= offset && rows.length < limit) {
        rows.push(this.#rows[slot] as Row);
      }
      total++;
    }
    return { rows, total };
  }

  #column(name: Column): Float64Array {
    return this.#columns[this.#columnNames.indexOf(name)] ?? new Float64Array();
  }

  #fill(slot: number, row: Row): void {
    for (const [i, name] of this.#columnNames.entries()) {
      let column = this.#columns[i] ?? new Float64Array();
      if (slot >= column.length) {
        const larger = new Float64Array(Math.max(64, 2 * column.length, slot + 1));
        larger.set(column);
        this.#columns[i] = larger;
        column = larger;
      }
      column[slot] = this.#definition.columns[name](row);
    }
  }

  #list(by: SortKey): number[] {
    let list = this.#sorted.get(by);
    if (list === undefined) {
      list = this.#few(this.#slots.keys(), by);
      this.#sorted.set(by, list);
    }
    return list;
  }

  /** The slots of some rows, sorted. */
  #few(ids: Iterable<Id>, by: SortKey): number[] {
    const compare = this.#comparator(by);
    const slots = [...ids].map((id) => this.#slots.get(id)).filter((slot) => slot !== undefined);
    return slots.sort((a, b) => compare(this.#rows[a] as Row, this.#rows[b] as Row));
  }

  /** Where a row is in a sorted list, or would be. */
  #position(list: readonly number[], row: Row, compare: (a: Row, b: Row) => number): number {
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare(this.#rows[list[middle] as number] as Row, row) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #comparator(by: SortKey): (a: Row, b: Row) => number {
    const { id, compareIds, sortKeys } = this.#definition;
    const keyOf = sortKeys[by];
    return (a, b) => {
      const left = keyOf(a);
      const right = keyOf(b);
      return left < right ? -1 : left > right ? 1 : compareIds(id(a), id(b));
    };
  }
}
