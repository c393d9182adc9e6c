// The market panel in Chromium, and what its tests do with it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import {
  type MarketHostMessage,
  type MarketViewMessage,
  type MarketViewState,
  marketHostMessage,
  marketViewMessage,
  ROWS_PER_MESSAGE,
} from "../../src/protocol/market-messages";
import type { JobRow, JobStateName } from "../../src/protocol/market-rows";
import { parseMessage } from "../../src/protocol/webview-message";
import { accessibilityViolations } from "./accessibility";
import { type ThemeName, WebviewHarness, type WebviewPage } from "./harness";
import * as market from "./market-fixture";

/** Directory for pictures of what the tests see; none are taken without it. */
const shots = process.env["WEBVIEW_SHOTS"];

type Options = { theme?: ThemeName; width?: number; height?: number; state?: unknown };

export class MarketPanel {
  harness!: WebviewHarness;
  view!: WebviewPage;
  /** What the panel told the host. */
  received: MarketViewMessage[] = [];

  /** Opens the panel and tells it `messages`, each checked as the panel checks it. */
  readonly open = async (options: Options, ...messages: MarketHostMessage[]): Promise<void> => {
    this.received = [];
    let ready = (): void => {};
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    this.view = await this.harness.open("market", { width: 1_100, height: 700, ...options }, (value) => {
      const parsed = parseMessage(marketViewMessage, value);
      if (!parsed.ok) {
        throw new Error(parsed.problem);
      }
      this.received.push(parsed.message);
      if (parsed.message.type === "ready") {
        ready();
      }
    });
    this.view.page.setDefaultTimeout(30_000);
    await isReady;
    await this.tell(market.init, ...messages);
    await this.view.page.locator(".toolbar").waitFor();
  };

  readonly tell = async (...messages: MarketHostMessage[]): Promise<void> => {
    for (const message of messages) {
      const parsed = parseMessage(marketHostMessage, message);
      if (!parsed.ok) {
        throw new Error(`${message.type}: ${parsed.problem}`);
      }
      await this.view.post(message);
    }
  };

  readonly shoot = async (name: string): Promise<void> => {
    if (shots !== undefined) {
      await this.view.page.screenshot({ path: join(shots, `market-${name}.png`) });
    }
  };

  readonly expectAccessible = async (): Promise<void> => {
    expect(await accessibilityViolations(this.view.page)).toEqual([]);
    expect(this.view.faults).toEqual([]);
  };

  /** A state that anybody must be able to read, in the dark and in the light. */
  readonly look = async (name: string): Promise<void> => {
    for (const theme of ["light", "dark"] as const) {
      await this.view.setTheme(theme);
      await this.shoot(`${name}-${theme}`);
      await this.expectAccessible();
    }
  };

  readonly button = (name: string | RegExp): Locator => this.view.page.getByRole("button", { name });
  readonly tab = (name: string): Locator => this.view.page.getByRole("tab", { name });
  readonly rows = (): Locator => this.view.page.locator(".grid-canvas .grid-row");
  readonly row = (text: string): Locator => this.rows().filter({ hasText: text });
  readonly search = (what: string): Locator => this.view.page.locator(`.search.${what} input`);
  readonly field = (key: string): Locator => this.view.page.locator(`vscode-text-field[data-field="${key}"] input`);

  readonly savedState = (): Promise<MarketViewState> =>
    this.view.page.evaluate(() => (window as unknown as { savedState(): MarketViewState }).savedState());

  /** Width of what is in the page, in pixels. */
  readonly overflow = (): Promise<number> =>
    this.view.page.evaluate(() =>
      Math.max(document.documentElement.scrollWidth, document.querySelector(".body > *")?.scrollWidth ?? 0),
    );
}

/** One browser for the tests of a file, and a page for each of them. */
export function useMarketPanel(): MarketPanel {
  const panel = new MarketPanel();
  beforeAll(async () => {
    panel.harness = await WebviewHarness.start();
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true });
    }
  });
  afterAll(() => panel.harness?.stop());
  afterEach(() => panel.view.page.context().close());
  return panel;
}

/** The list in as many messages as it needs. */
export function listed(rows: readonly JobRow[]): MarketHostMessage[] {
  const messages: MarketHostMessage[] = [];
  for (let at = 0; at < rows.length || at === 0; at += ROWS_PER_MESSAGE) {
    messages.push({ type: "jobs", reset: at === 0, rows: rows.slice(at, at + ROWS_PER_MESSAGE), removed: [] });
  }
  return [...messages, { type: "listed" }];
}

/** The own job #12 in a state, opened. */
export const opened = (state: JobStateName): MarketHostMessage[] => [
  ...listed([...market.jobs(30), market.myJob(12, state)]),
  { type: "show", side: "developer", page: "jobs", job: "12" },
  { type: "job", id: "12", page: market.page(12, state) },
  ...(state === "open"
    ? [{ type: "bids", id: "12", reset: true, rows: market.bids(12), removed: [] } satisfies MarketHostMessage]
    : []),
];

export const connected: MarketHostMessage[] = [market.network, market.wallet()];
