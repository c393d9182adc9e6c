// An index over records in memory: sets by key for conditions that few records meet, sorted lists for everything else.

/** What a sort compares. All values of one key are of one type. */
type Comparable = bigint | number;

export interface IndexDefinition<Row, Id, SortKey extends string, Group extends string> {
  readonly id: (row: Row) => Id;
  /** Order of those that are equal otherwise; below zero when `a` comes first. */
  readonly compareIds: (a: Id, b: Id) => number;
  readonly sortKeys: Readonly<Record<SortKey, (row: Row) => Comparable>>;
  /** Values by which rows are found directly. */
  readonly groups: Readonly<Record<Group, (row: Row) => string | undefined>>;
}

/** A list with fewer candidates is filtered and sorted by itself; a longer one by walking a sorted list of all. */
const FEW = 1_000;

export class RecordIndex<Row, Id, SortKey extends string, Group extends string> {
  readonly #definition: IndexDefinition<Row, Id, SortKey, Group>;
  readonly #rows = new Map<Id, Row>();
  readonly #groups = new Map<Group, Map<string, Set<Row>>>();
  /** Made when first asked for, then kept up to date. */
  readonly #sorted = new Map<SortKey, Row[]>();

  constructor(definition: IndexDefinition<Row, Id, SortKey, Group>) {
    this.#definition = definition;
    for (const group of this.#groupNames()) {
      this.#groups.set(group, new Map());
    }
  }

  get rows(): ReadonlyMap<Id, Row> {
    return this.#rows;
  }

  /** Sets, replaces or removes a row. */
  set(id: Id, row: Row | undefined): void {
    const before = this.#rows.get(id);
    if (row === undefined) {
      this.#rows.delete(id);
    } else {
      this.#rows.set(id, row);
    }
    for (const group of this.#groupNames()) {
      this.#regroup(group, before, row);
    }
    for (const [key, list] of this.#sorted) {
      this.#resort(key, list, before, row);
    }
  }

  clear(): void {
    this.#rows.clear();
    this.#sorted.clear();
    for (const group of this.#groups.values()) {
      group.clear();
    }
  }

  /** The rows of a group. */
  group(group: Group, value: string): ReadonlySet<Row> {
    return this.#groups.get(group)?.get(value) ?? new Set();
  }

  /**
   * One page of the rows that meet a condition.
   *
   * @param query.candidates rows that alone can meet it; undefined for all
   */
  page(query: {
    readonly candidates: ReadonlySet<Row> | undefined;
    readonly where: (row: Row) => boolean;
    readonly by: SortKey;
    readonly descending: boolean;
    readonly offset: number;
    readonly limit: number;
  }): { readonly rows: readonly Row[]; readonly total: number } {
    const { candidates, where, by, descending, offset, limit } = query;
    if (candidates !== undefined && candidates.size <= FEW) {
      const found = [...candidates].filter(where).sort(this.#comparator(by));
      if (descending) {
        found.reverse();
      }
      return { rows: found.slice(offset, offset + limit), total: found.length };
    }
    const list = this.#list(by);
    const rows: Row[] = [];
    let total = 0;
    for (let i = 0; i < list.length; i++) {
      const row = list[descending ? list.length - 1 - i : i];
      if (row !== undefined && where(row)) {
        if (total >= offset && rows.length < limit) {
          rows.push(row);
        }
        total++;
      }
    }
    return { rows, total };
  }

  #groupNames(): Group[] {
    return Object.keys(this.#definition.groups) as Group[];
  }

  #regroup(group: Group, before: Row | undefined, after: Row | undefined): void {
    const valueIn = this.#definition.groups[group];
    const sets = this.#groups.get(group);
    const old = before === undefined ? undefined : valueIn(before);
    const value = after === undefined ? undefined : valueIn(after);
    if (sets === undefined) {
      return;
    }
    if (before !== undefined && old !== undefined) {
      const set = sets.get(old);
      set?.delete(before);
      if (set?.size === 0) {
        sets.delete(old);
      }
    }
    if (after !== undefined && value !== undefined) {
      const set = sets.get(value) ?? new Set();
      set.add(after);
      sets.set(value, set);
    }
  }

  #list(by: SortKey): Row[] {
    let list = this.#sorted.get(by);
    if (list === undefined) {
      list = [...this.#rows.values()].sort(this.#comparator(by));
      this.#sorted.set(by, list);
    }
    return list;
  }

  #resort(by: SortKey, list: Row[], before: Row | undefined, after: Row | undefined): void {
    const compare = this.#comparator(by);
    const from = before === undefined ? -1 : position(list, before, compare);
    if (before !== undefined && after !== undefined && compare(before, after) === 0) {
      list[from] = after;
      return;
    }
    if (from >= 0) {
      list.splice(from, 1);
    }
    if (after !== undefined) {
      list.splice(position(list, after, compare), 0, after);
    }
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

/** Where a row is in a sorted list, or would be. */
function position<Row>(list: readonly Row[], row: Row, compare: (a: Row, b: Row) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle] as Row, row) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
