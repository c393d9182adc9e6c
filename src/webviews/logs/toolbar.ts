import type { LogOptions, LogSince, LogStreams } from "../../protocol/webview-logs";
import { dropdown, el, icon, iconButton, setOnControl, toggleButton } from "../shared/dom";
import { parseSince } from "../shared/time";

export interface ToolbarState {
  readonly filter: string;
  readonly timestamps: boolean;
  readonly wrap: boolean;
  readonly options: LogOptions;
}

export interface ToolbarEvents {
  onFilter(text: string): void;
  onTimestamps(on: boolean): void;
  onWrap(on: boolean): void;
  onPause(on: boolean): void;
  onClear(): void;
  onSave(): void;
  onOptions(options: LogOptions): void;
}

const CUSTOM = "custom";

/** The controls above the log. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #filter: HTMLInputElement;
  readonly #badge: HTMLElement;
  readonly #error: HTMLElement;
  readonly #pause: HTMLElement;
  readonly #events: ToolbarEvents;
  #options: LogOptions;
  #paused = false;

  constructor(state: ToolbarState, events: ToolbarEvents) {
    this.#events = events;
    this.#options = state.options;
    this.#badge = el("span", { class: "matches", slot: "end", "aria-live": "polite" });
    this.#filter = el(
      "vscode-text-field",
      {
        class: "filter",
        placeholder: "Filter (text or /regular expression/)",
        value: state.filter,
      },
      el("span", { slot: "start", class: "codicon codicon-filter", "aria-hidden": "true" }),
      this.#badge,
    ) as HTMLInputElement;
    setOnControl(this.#filter, "aria-label", "Filter: text, or a regular expression between slashes");
    this.#error = el("div", { class: "filter-error", role: "alert" });
    this.#filter.addEventListener("input", () => events.onFilter(this.#filter.value));
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#filter.value !== "") {
        event.preventDefault();
        this.#filter.value = "";
        events.onFilter("");
      }
    });
    this.#pause = iconButton("debug-pause", "Pause", () => this.setPaused(!this.#paused));
    const actions = el(
      "div",
      { class: "actions" },
      toggleButton("history", "Show time stamps", state.timestamps, (on) => events.onTimestamps(on)),
      toggleButton("word-wrap", "Wrap long lines", state.wrap, (on) => events.onWrap(on)),
      el("span", { class: "separator", "aria-hidden": "true" }),
      this.#pause,
      iconButton("clear-all", "Clear", () => events.onClear()),
      iconButton("save", "Save the whole log to a file…", () => events.onSave()),
    );
    this.element = el(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Log controls" },
      el("div", { class: "filter-box" }, this.#filter, this.#error),
      el("div", { class: "choices" }, this.#streamsChoice(), ...this.#sinceChoice(), this.#tailChoice()),
      actions,
    );
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  /** Shows how many lines match, or why the filter is no regular expression. */
  showFilterResult(result: { readonly matches: number } | { readonly error: string } | undefined): void {
    const error = result !== undefined && "error" in result ? result.error : "";
    this.#badge.textContent = result !== undefined && "matches" in result ? result.matches.toLocaleString("en-US") : "";
    this.#badge.title = this.#badge.textContent === "" ? "" : `${this.#badge.textContent} matching lines`;
    this.#error.textContent = error;
    this.#filter.classList.toggle("invalid", error !== "");
    setOnControl(this.#filter, "aria-invalid", String(error !== ""));
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    const label = paused ? "Resume" : "Pause";
    this.#pause.setAttribute("aria-label", label);
    this.#pause.title = label;
    this.#pause.replaceChildren(icon(paused ? "debug-continue" : "debug-pause"));
    this.#events.onPause(paused);
  }

  #change(options: Partial<LogOptions>): void {
    this.#options = { ...this.#options, ...options };
    this.#events.onOptions(this.#options);
  }

  #streamsChoice(): HTMLElement {
    const choices = [
      { value: "all", label: "All output" },
      { value: "stdout", label: "stdout" },
      { value: "stderr", label: "stderr" },
    ];
    return dropdown("Output streams", choices, this.#options.streams, (value) =>
      this.#change({ streams: value as LogStreams }),
    ).element;
  }

  #sinceChoice(): HTMLElement[] {
    const choices = [
      { value: "all", label: "Any time" },
      { value: "60", label: "Last minute" },
      { value: "300", label: "Last 5 minutes" },
      { value: "3600", label: "Last hour" },
      { value: CUSTOM, label: "Since…" },
    ];
    const { since } = this.#options;
    const custom = el("vscode-text-field", {
      class: "since-custom",
      placeholder: "15m, 2h, 14:30",
      title: "How long ago (15m, 2h) or when (14:30, 2026-05-03 14:30)",
    }) as HTMLInputElement;
    setOnControl(custom, "aria-label", "Since: how long ago (15m, 2h) or when (14:30, 2026-05-03 14:30). Press Enter.");
    const isCustom =
      since.kind === "at" || (since.kind === "ago" && !choices.some(({ value }) => value === String(since.seconds)));
    custom.hidden = !isCustom;
    if (since.kind === "at") {
      const time = new Date(since.timeMs);
      custom.setAttribute(
        "value",
        new Date(since.timeMs - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", " "),
      );
    }
    custom.addEventListener("change", () => {
      const timeMs = parseSince(custom.value, Date.now());
      custom.classList.toggle("invalid", timeMs === undefined);
      setOnControl(custom, "aria-invalid", String(timeMs === undefined));
      if (timeMs !== undefined) {
        this.#change({ since: { kind: "at", timeMs } });
      }
    });
    const value = isCustom ? CUSTOM : since.kind === "ago" ? String(since.seconds) : "all";
    const choice = dropdown("Since", choices, value, (picked) => {
      custom.hidden = picked !== CUSTOM;
      if (picked === CUSTOM) {
        custom.focus();
        return;
      }
      const next: LogSince = picked === "all" ? { kind: "all" } : { kind: "ago", seconds: Number(picked) };
      this.#change({ since: next });
    });
    return [choice.element, custom];
  }

  #tailChoice(): HTMLElement {
    const choices = [
      { value: "100", label: "100 lines" },
      { value: "1000", label: "1,000 lines" },
      { value: "10000", label: "10,000 lines" },
      { value: "all", label: "All that fit" },
    ];
    const { tail } = this.#options;
    return dropdown(
      "Lines before the newest one, of each replica",
      choices,
      tail === null ? "all" : String(tail),
      (value) => this.#change({ tail: value === "all" ? null : Number(value) }),
    ).element;
  }
}
