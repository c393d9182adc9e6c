import type {
  AppendRows,
  LogReplica,
  LogsHostMessage,
  LogsViewMessage,
  LogsViewState,
} from "../../protocol/webview-logs";
import { el, icon } from "../shared/dom";
import type { Host } from "../shared/host";
import { parseFilter } from "../shared/log-filter";
import { LogModel } from "../shared/log-model";
import type { Theme } from "../shared/theme";
import { LogList } from "./log-list";
import { Toolbar } from "./toolbar";

/** Rows that the host may send at once; they must fit while the user reads older ones. */
const LARGEST_BATCH = 10_000;

type Status = Extract<LogsHostMessage, { type: "status" }>;

/**
 * The log pane: what arrives from the host goes into a model, and the list shows it. The pane asks for the next rows when it
 * has shown the last ones, and does not ask while it is paused, or while rows that the user is reading would have to leave.
 */
export class LogPane {
  readonly #host: Host<LogsViewMessage>;
  readonly #model: LogModel;
  readonly #list: LogList;
  readonly #toolbar: Toolbar;
  readonly #placeholder = el("div", { class: "placeholder", hidden: true });
  readonly #jump: HTMLElement;
  readonly #connection = el("span", { class: "connection", role: "status" });
  readonly #counts = el("span", { class: "counts" });
  readonly #onKey: (event: KeyboardEvent) => void;
  #state: LogsViewState;
  #status: Status = { type: "status", connection: "connecting", message: "Connecting to the engine…", behind: 0 };
  #replicas: readonly LogReplica[] = [];
  /** A batch was asked for and has not come yet. */
  #asked = false;
  /** Arrived while the pane was paused. */
  #held: AppendRows | undefined;
  /** Lines that came since the pane ceased to follow. */
  #unseen = 0;
  #filterTimer = 0;

  constructor(
    root: HTMLElement,
    host: Host<LogsViewMessage>,
    theme: Theme,
    capacity: number,
    title: string,
    state: LogsViewState,
  ) {
    this.#host = host;
    this.#state = state;
    this.#model = new LogModel(capacity);
    this.#toolbar = new Toolbar(state, {
      onFilter: (filter) => this.#onFilter(filter),
      onTimestamps: (timestamps) => this.#onColumns({ timestamps }),
      onWrap: (wrap) => this.#onColumns({ wrap }),
      onPause: (paused) => this.#onPause(paused),
      onClear: () => host.post({ type: "clear" }),
      onSave: () => host.post({ type: "save", timestamps: this.#state.timestamps }),
      onOptions: (options) => {
        this.#save({ options });
        host.post({ type: "options", options });
      },
    });
    const scroller = el("div", {
      class: "scroller",
      role: "log",
      "aria-live": "off",
      "aria-label": `Log of ${title}`,
      tabindex: "0",
    });
    this.#jump = el("vscode-button", { class: "jump", hidden: true });
    this.#jump.addEventListener("click", () => {
      if (this.#state.paused) {
        this.#toolbar.setPaused(false);
      }
      this.#list.setFollowing(true);
      scroller.focus();
    });
    const footer = el("div", { class: "footer" }, this.#connection, this.#counts);
    const heading = el("h1", { class: "visually-hidden" }, `Log of ${title}`);
    root.replaceChildren(
      heading,
      this.#toolbar.element,
      el("div", { class: "log" }, scroller, this.#placeholder, this.#jump),
      footer,
    );
    this.#list = new LogList(
      scroller,
      this.#model,
      theme,
      { timestamps: state.timestamps, wrap: state.wrap },
      {
        onFollowChange: () => {
          this.#unseen = 0;
          this.#ask();
          this.#show();
        },
        onScroll: () => this.#ask(),
      },
    );
    this.#onKey = (event) => {
      if (event.key.toLowerCase() === "f" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        this.#toolbar.focusFilter();
      }
    };
    window.addEventListener("keydown", this.#onKey);
    this.#model.setFilter(parseFilter(state.filter));
    if (state.paused) {
      this.#toolbar.setPaused(true);
    }
    this.#save({});
    this.#show();
    this.#ask();
  }

  dispose(): void {
    window.removeEventListener("keydown", this.#onKey);
  }

  onMessage(message: Exclude<LogsHostMessage, { type: "init" }>): void {
    switch (message.type) {
      case "append":
        this.#asked = false;
        if (this.#state.paused) {
          this.#held = message;
        } else {
          this.#append(message);
        }
        break;
      case "reset":
        this.#held = undefined;
        this.#unseen = 0;
        this.#model.clear();
        this.#list.setFollowing(true);
        this.#list.layOut();
        break;
      case "replicas":
        this.#onReplicas(message.replicas);
        break;
      case "status":
        this.#status = message;
        break;
    }
    this.#show();
  }

  #append(batch: AppendRows): void {
    const gone = this.#model.append(batch);
    if (!this.#list.following) {
      this.#unseen += linesOf(batch);
    }
    this.#list.rowsAdded(gone);
    // The next rows are asked for once these are on the screen, so that a flood never fills the queue of messages.
    requestAnimationFrame(() => this.#ask());
  }

  #ask(): void {
    if (!this.#asked && !this.#state.paused && this.#held === undefined && this.#hasRoom()) {
      this.#asked = true;
      this.#host.post({ type: "more" });
    }
  }

  /** Whether a batch would push out only rows that nobody is reading. */
  #hasRoom(): boolean {
    if (this.#list.following) {
      return true;
    }
    const leaving = this.#model.size + LARGEST_BATCH - this.#model.capacity;
    return leaving <= this.#list.firstVisible - this.#model.first;
  }

  #onReplicas(replicas: readonly LogReplica[]): void {
    const same =
      JSON.stringify(replicas.map(({ name, color }) => [name, color])) ===
      JSON.stringify(this.#replicas.map(({ name, color }) => [name, color]));
    this.#replicas = replicas;
    if (!same) {
      this.#list.setReplicas(replicas);
    }
  }

  #onFilter(filter: string): void {
    this.#save({ filter });
    clearTimeout(this.#filterTimer);
    this.#filterTimer = window.setTimeout(() => {
      this.#model.setFilter(parseFilter(filter));
      this.#list.setFollowing(true);
      this.#list.layOut();
      this.#show();
    }, 80);
  }

  #onColumns(change: { timestamps?: boolean; wrap?: boolean }): void {
    this.#save(change);
    Object.assign(this.#list.options, change);
    this.#list.layOut();
  }

  #onPause(paused: boolean): void {
    this.#save({ paused });
    const held = this.#held;
    if (!paused) {
      this.#held = undefined;
      if (held !== undefined) {
        this.#append(held);
      } else {
        this.#ask();
      }
    }
    this.#show();
  }

  #save(change: Partial<LogsViewState>): void {
    this.#state = { ...this.#state, ...change };
    this.#host.saveState(this.#state);
  }

  /** Brings everything around the rows up to date. */
  #show(): void {
    const model = this.#model;
    const { filter } = model;
    this.#toolbar.showFilterResult(
      filter.kind === "pattern"
        ? { matches: model.matches }
        : filter.kind === "invalid"
          ? { error: filter.message }
          : undefined,
    );
    const waiting = this.#status.behind + (this.#held === undefined ? 0 : linesOf(this.#held));
    const paused = this.#state.paused;
    const fresh = this.#unseen + waiting;
    const away = paused || !this.#list.following;
    this.#jump.hidden = !away;
    const label = `${fresh > 0 ? `${plural(fresh, "new line")}, ` : ""}${paused ? "resume" : "jump to latest"}`;
    this.#jump.replaceChildren(icon("arrow-down"), label.charAt(0).toUpperCase() + label.slice(1));
    this.#showPlaceholder();
    this.#showConnection(paused);
    const counts =
      filter.kind === "pattern"
        ? `${model.matches.toLocaleString("en-US")} of ${plural(model.lines, "line")}`
        : plural(model.lines, "line");
    const earlier =
      model.evictedLines > 0
        ? ` · ${model.evictedLines.toLocaleString("en-US")} earlier ones only in the log file`
        : "";
    this.#counts.textContent = counts + earlier;
  }

  #showConnection(paused: boolean): void {
    const { connection, message } = this.#status;
    const running = this.#replicas.filter((replica) => replica.state === "following").length;
    const [name, text] =
      connection === "lost"
        ? ["debug-disconnect", `Disconnected: ${message}. Reconnecting…`]
        : connection !== "live"
          ? ["loading", message]
          : paused
            ? ["debug-pause", "Paused"]
            : ["pass", running > 1 ? `Following ${running} replicas` : "Following"];
    if (this.#connection.dataset["shown"] !== text) {
      this.#connection.dataset["shown"] = text;
      this.#connection.className = `connection ${connection}`;
      const symbol = icon(name);
      symbol.classList.toggle("codicon-modifier-spin", name === "loading");
      this.#connection.replaceChildren(symbol, el("span", {}, text));
    }
  }

  /** What an empty pane waits for. */
  #showPlaceholder(): void {
    const { connection, message } = this.#status;
    let text = "";
    if (this.#model.shown === 0) {
      if (this.#model.filter.kind === "pattern" && this.#model.lines > 0) {
        text = `None of ${plural(this.#model.lines, "line")} matches the filter.`;
      } else if (connection === "live") {
        text = "No output yet. Lines appear here as soon as they are written.";
      } else {
        text = connection === "lost" ? `${message}. Trying again…` : message;
      }
    }
    this.#placeholder.hidden = text === "";
    if (this.#placeholder.dataset["shown"] !== connection + text) {
      this.#placeholder.dataset["shown"] = connection + text;
      const busy = connection === "connecting" || connection === "waiting";
      const symbol = busy
        ? el("vscode-progress-ring", { "aria-label": "Waiting" })
        : icon(connection === "lost" ? "debug-disconnect" : "output");
      this.#placeholder.replaceChildren(symbol, el("p", {}, text));
    }
  }
}

function linesOf(batch: AppendRows): number {
  return batch.weights.reduce((sum, weight) => sum + weight, batch.missed);
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
