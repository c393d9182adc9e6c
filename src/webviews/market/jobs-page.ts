import { type MarketViewState, SORTS } from "../../protocol/market-messages";
import type { JobRow } from "../../protocol/market-rows";
import { el, setOnControl } from "../shared/dom";
import { Segments } from "../shared/segments";
import { VirtualGrid } from "../shared/virtual-grid";
import { jobColumns } from "./job-columns";
import { JobFilter } from "./job-filter";
import { JobView } from "./job-view";
import { type Empty, emptyState, networkObstacle, type Page, renderWhenChanged, type Shell } from "./page";

/** A list of jobs and, beside it or in its place, the one that is open. */
export class JobsPage implements Page {
  readonly element: HTMLElement;
  readonly #shell: Shell;
  readonly #operator: boolean;
  readonly #filter = new JobFilter();
  readonly #grid: VirtualGrid<JobRow>;
  readonly #scopes: Segments;
  readonly #search: HTMLInputElement;
  readonly #count = el("span", { class: "count", role: "status" });
  readonly #empty = el("div", { class: "empty-holder" });
  readonly #job: JobView;
  #shape = "";

  constructor(shell: Shell, operator: boolean) {
    this.#shell = shell;
    this.#operator = operator;
    this.#grid = new VirtualGrid({
      label: operator ? "Jobs for your node" : "Jobs",
      columns: jobColumns(shell.model, operator),
      idOf: (row) => row.id,
      onActivate: (row) => shell.openJob(row.id),
      onSort: (key) => this.#sort(key),
    });
    this.#scopes = new Segments("Which jobs", scopes(operator), (scope) =>
      shell.save({ scope: scope as MarketViewState["scope"] }),
    );
    this.#search = el("vscode-text-field", {
      placeholder: "Filter: number, state, address, GPU, region",
      class: "search jobs",
      value: shell.state.filter,
    }) as HTMLInputElement;
    setOnControl(this.#search, "aria-label", "Filter jobs");
    this.#search.addEventListener("input", () => shell.save({ filter: this.#search.value }));
    this.#job = new JobView(shell, operator);
    this.element = el(
      "div",
      { class: "jobs-page" },
      el(
        "div",
        { class: "list-pane" },
        el("div", { class: "list-bar" }, this.#scopes.element, this.#search, this.#count),
        el("div", { class: "list-body" }, this.#grid.element, this.#empty),
      ),
      this.#job.element,
    );
  }

  update(): void {
    const { model, state } = this.#shell;
    const { filter, scope, sort, descending } = state;
    const open = state.job !== null;
    this.element.classList.toggle("job-open", open);
    this.#scopes.set(scope);
    this.#grid.setSort(sort, descending);
    const shape = JSON.stringify([model.jobsVersion, filter, scope, sort, descending]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      const query = { filter, scope, sort, descending, operator: this.#operator };
      const rows = this.#filter.apply(model.jobs.values(), query);
      this.#grid.setRows(rows);
      this.#count.textContent = rows.length === 1 ? "1 job" : `${rows.length.toLocaleString("en-US")} jobs`;
      this.#count.dataset["count"] = String(rows.length);
    }
    const empty = this.#count.dataset["count"] === "0" ? (networkObstacle(this.#shell) ?? this.#nothing()) : undefined;
    this.#grid.element.hidden = empty !== undefined;
    this.#count.hidden = empty !== undefined;
    this.#empty.hidden = empty === undefined;
    renderWhenChanged(this.#empty, JSON.stringify(empty ?? null), () =>
      empty === undefined ? [] : [emptyState(empty)],
    );
    this.#grid.select(state.job ?? undefined);
    this.#job.update();
  }

  tick(): void {
    this.#grid.tick();
    this.#job.tick();
  }

  dispose(): void {
    this.#grid.dispose();
    this.#job.dispose();
  }

  #sort(key: string): void {
    const sort = SORTS.find((candidate) => candidate === key);
    if (sort !== undefined) {
      const { state } = this.#shell;
      this.#shell.save({
        sort,
        descending: state.sort === sort ? !state.descending : sort !== "deadline" && sort !== "price",
      });
    }
  }

  #nothing(): Empty {
    const { model, state, save, post } = this.#shell;
    if (state.filter !== "") {
      const clear = () => {
        this.#search.value = "";
        save({ filter: "" });
      };
      return {
        icon: "search",
        title: "No job matches",
        text: `Nothing here matches “${state.filter}”.`,
        actions: [{ label: "Clear Filter", run: clear }],
      };
    }
    if (model.wallet.kind !== "connected" && state.scope === "mine") {
      return {
        icon: "account",
        title: "Connect a wallet to see your jobs",
        text: "Jobs belong to a wallet. Others’ jobs can be seen without one.",
        actions: [
          { label: "Connect Wallet", run: () => post({ type: "connectWallet" }) },
          { label: "Show All Jobs", run: () => save({ scope: "all" }) },
        ],
      };
    }
    if (this.#operator) {
      return model.node === null || model.node.status === "none"
        ? {
            icon: "server",
            title: "Your node is not registered",
            text: "Register what it offers, with a stake; then the jobs that it can take appear here.",
            actions: [{ label: "Register Node", run: () => save({ page: "node" }) }],
          }
        : {
            icon: "inbox",
            title: state.scope === "mine" ? "No jobs yet" : "No open job fits your node now",
            text:
              state.scope === "mine" ? "Bid for an open job; it appears here." : "New jobs appear here by themselves.",
            actions: [
              state.scope === "mine"
                ? { label: "Show Jobs That Fit", run: () => save({ scope: "open" }) }
                : { label: "Show All Jobs", run: () => save({ scope: "all" }) },
            ],
          };
    }
    return state.scope === "mine"
      ? {
          icon: "rocket",
          title: "You have posted no job yet",
          text: "Open a spec, say what you pay, and nodes bid for it. What is not used comes back.",
          actions: [{ label: "Post a Job", run: () => save({ page: "post" }) }],
        }
      : {
          icon: "inbox",
          title: "Nothing is posted",
          text: "There is no job here now. Be the first.",
          actions: [{ label: "Post a Job", run: () => save({ page: "post" }) }],
        };
  }
}

function scopes(operator: boolean): { value: string; label: string; title: string }[] {
  return operator
    ? [
        { value: "open", label: "Fitting", title: "Open jobs that your node can take" },
        { value: "mine", label: "Mine", title: "Jobs that your node serves or bids on" },
        { value: "all", label: "All", title: "Every job of the market" },
      ]
    : [
        { value: "mine", label: "Mine", title: "Jobs that you posted" },
        { value: "open", label: "Open", title: "Jobs that take bids" },
        { value: "all", label: "All", title: "Every job of the market" },
      ];
}
