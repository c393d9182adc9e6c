// What a person does in VS Code's window, and what one sees there.
import { join } from "node:path";
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from "playwright-core";
import { ROOT, TEST_RESULTS } from "../../../scripts/lib/paths.mjs";

/** The browser that draws the window. */
export const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Root may not use its sandbox, and no machine of ours has a screen. */
export const CHROMIUM_ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-sync",
];

const IMAGES = join(ROOT, "docs", "images");

/** How long something may take to appear before the test fails, in milliseconds. */
const APPEARS = 30_000;

/** One window of VS Code. */
export class Workbench {
  private constructor(
    private readonly browser: Browser,
    /** For what the methods here do not offer. */
    readonly page: Page,
  ) {}

  /** Opens a folder in a new window and waits until its files are listed. */
  static async open(serverUrl: string, folder: string): Promise<Workbench> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: CHROMIUM_ARGS,
    });
    try {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        permissions: ["clipboard-read", "clipboard-write"],
      });
      const page = await context.newPage();
      page.setDefaultTimeout(APPEARS);
      await page.goto(`${serverUrl}/?folder=${encodeURIComponent(folder)}`, { waitUntil: "domcontentloaded" });
      await page.locator(".explorer-folders-view .monaco-list-row").first().waitFor({ timeout: 60_000 });
      return new Workbench(browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  /** Opens a file of the Explorer in an editor that stays. */
  async openFile(name: string): Promise<void> {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
  }

  /** The same without the mouse. */
  async openFileByKeyboard(name: string): Promise<void> {
    await this.askQuickInput("Control+p", name);
    await this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: name }).waitFor();
    await this.quickInput().press("Enter");
    await this.activeTab(name);
  }

  /** Waits until an editor tab is in front. */
  async activeTab(title: string): Promise<void> {
    await this.page.locator(".editor-group-container.active .tab.active", { hasText: title }).waitFor();
  }

  /** Waits until a panel is in front and has taken the focus, which would close a box that is opened before. */
  async activePanel(title: string): Promise<void> {
    await this.activeTab(title);
    await this.page.waitForFunction("document.activeElement?.matches('iframe.webview.ready')");
  }

  /** A lens in the editor in front, by its title. @param index which one, of those in sight with this title */
  lens(title: string, index = 0): Locator {
    return this.page
      .locator(".editor-group-container.active .codelens-decoration a", { hasText: exactly(title) })
      .nth(index);
  }

  /** What the window copied last. */
  async clipboard(): Promise<string> {
    return this.page.evaluate("navigator.clipboard.readText()");
  }

  /** The editor's visible lines, run together. */
  async editorText(): Promise<string> {
    return plain(await this.page.locator(".editor-group-container.active .view-lines").first().textContent());
  }

  /**
   * Runs a command by its title, with the keyboard. The list is not refreshed when an extension registers its commands late, so it
   * is opened again until the command is there.
   */
  async palette(title: string): Promise<void> {
    const label = this.page.locator(".monaco-list-row.focused .label-name", { hasText: exactly(title) });
    for (const end = Date.now() + 60_000; ; ) {
      await this.askQuickInput("F1", `>${title}`);
      try {
        await label.first().waitFor({ timeout: 3000 });
        await this.quickInput().press("Enter");
        return;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
        await this.page.keyboard.press("Escape");
      }
    }
  }

  /** The titles that the palette offers for a text. */
  async paletteTitles(text: string): Promise<string[]> {
    await this.askQuickInput("F1", `>${text}`);
    await this.quickRow(text).waitFor();
    const titles = await this.page.locator(".quick-input-list .monaco-list-row .label-name").allInnerTexts();
    await this.page.keyboard.press("Escape");
    return titles.map(plain);
  }

  /**
   * Types into the box at the top and confirms.
   *
   * @param title of the box, or a part of it: another one may still be there
   */
  async answer(title: string, text: string): Promise<void> {
    await this.page.locator(".quick-input-widget:visible .quick-input-title", { hasText: title }).waitFor();
    await this.quickInput().fill(text);
    await this.quickInput().press("Enter");
  }

  /** Takes the file that a dialog proposes. The box accepts Enter only once it has looked the path up. */
  async acceptFile(title: string, path: string): Promise<void> {
    const box = this.page.locator(".quick-input-widget:visible .quick-input-title", { hasText: title });
    await box.waitFor();
    for (const end = Date.now() + APPEARS; await box.isVisible(); ) {
      const proposed = await this.quickInput()
        .inputValue({ timeout: 1000 })
        .catch(() => "");
      if (proposed === path) {
        await this.page.keyboard.press("Enter");
      }
      await box.waitFor({ state: "hidden", timeout: 1000 }).catch((error: unknown) => {
        if (Date.now() > end) {
          throw new Error(`the dialog proposes "${proposed}"`, { cause: error });
        }
      });
    }
  }

  /** Picks a row of the list at the top, with the keyboard. */
  async pick(label: string): Promise<void> {
    await this.quickRow(label).waitFor();
    await this.quickInput().fill(label);
    await this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: label }).waitFor();
    await this.quickInput().press("Enter");
  }

  /**
   * Opens the box at the top by a key and types into it. What takes the focus late, a webview that opens or a list that closes,
   * may take the key or the box away: then it is pressed again.
   */
  private async askQuickInput(key: string, text: string): Promise<void> {
    for (const end = Date.now() + APPEARS; ; ) {
      await this.page.keyboard.press(key);
      try {
        await this.quickInput().fill(text, { timeout: 3000 });
        return;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
      }
    }
  }

  quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible input.input").first();
  }

  quickRow(label: string): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText: label }).first();
  }

  /** Opens a view container of the activity bar. */
  async openViewContainer(title: string): Promise<void> {
    const tab = this.page
      .locator(".activitybar .action-item .action-label", { hasText: "" })
      .and(this.page.locator(`[aria-label^="${title}"]`));
    if ((await this.page.locator(".sidebar .composite.title h2", { hasText: title }).count()) === 0) {
      await tab.first().click();
    }
  }

  /** Opens a view of the side bar that is folded. */
  async expandView(title: string): Promise<void> {
    const header = this.page.locator(".sidebar .pane-header", { hasText: title });
    if ((await header.getAttribute("aria-expanded")) === "false") {
      await header.click();
    }
  }

  /** Rows of the side bar's trees with a text. */
  treeRow(text: string | RegExp): Locator {
    return this.page.locator(".sidebar .pane .monaco-list-row", { hasText: text });
  }

  /** Opens or closes a row's children. */
  async toggleRow(text: string | RegExp): Promise<void> {
    await this.treeRow(text).first().locator(".monaco-tl-twistie").click();
  }

  /** Opens the context menu of a row and picks an entry. A menu that has just opened ignores clicks, so one may need another. */
  async contextMenu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: "right" });
    const item = this.page.locator(".monaco-menu .action-item", { hasText: exactly(entry) }).first();
    await item.waitFor();
    for (const end = Date.now() + APPEARS; await item.isVisible(); ) {
      await item.click({ timeout: 2000 }).catch(() => undefined);
      await item.waitFor({ state: "hidden", timeout: 1000 }).catch((error: unknown) => {
        if (Date.now() > end) {
          throw error;
        }
      });
    }
  }

  /**
   * Waits for a notification in their list. A window that is not looked at shows no toasts, and the list closes by itself when it
   * becomes empty, so it is opened until the notification is there.
   *
   * @param withinMs after which it fails
   */
  async notified(text: string | RegExp, withinMs = APPEARS): Promise<Locator> {
    const wanted = this.notification(text).first();
    for (const end = Date.now() + withinMs; ; ) {
      if (!(await this.page.locator(".notifications-center.visible").isVisible())) {
        await this.page.locator("[id='status.notifications']").click();
      }
      try {
        await wanted.waitFor({ timeout: 1000 });
        return wanted;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
      }
    }
  }

  async hideNotifications(): Promise<void> {
    const center = this.page.locator(".notifications-center.visible");
    while (await center.isVisible()) {
      await this.page.locator("[id='status.notifications']").click();
      await center.waitFor({ state: "hidden", timeout: 1000 }).catch(() => undefined);
    }
  }

  /** A notification with a text. */
  notification(text: string | RegExp): Locator {
    return this.page.locator(
      ".notifications-toasts .notification-list-item, .notifications-center .notification-list-item",
      {
        hasText: text,
      },
    );
  }

  /** Presses a button of a notification. */
  async pressInNotification(text: string | RegExp, button: string): Promise<void> {
    await this.notification(text).first().locator(".monaco-button", { hasText: button }).click();
  }

  /** Confirms a modal dialog. */
  async pressInDialog(button: string): Promise<void> {
    await this.page.locator(".monaco-dialog-box .monaco-button", { hasText: button }).first().click();
  }

  /**
   * The document inside a webview whose editor tab or view is in front.
   *
   * @param marker a selector that only this webview has; several may be open
   */
  async webview(marker: string): Promise<FrameLocator> {
    const outer = this.page.locator("iframe.webview.ready");
    for (const end = Date.now() + APPEARS; ; ) {
      const count = await outer.count();
      for (let index = 0; index < count; index += 1) {
        const inner = outer.nth(index).contentFrame().frameLocator("iframe#active-frame");
        if ((await inner.locator(marker).count()) > 0) {
          return inner;
        }
      }
      if (Date.now() > end) {
        throw new Error(`none of ${count} webviews holds ${marker}`);
      }
      await this.page.waitForTimeout(100);
    }
  }

  /**
   * Types a line into the terminal in front. What had the focus before may take it back late, so Enter follows only once the
   * shell has echoed the line.
   */
  async typeInTerminal(line: string): Promise<void> {
    const terminal = this.page.locator(".terminal-wrapper.active");
    const keys = terminal.locator(".xterm-helper-textarea");
    const echoed = terminal.locator(".xterm-rows", { hasText: line });
    for (const end = Date.now() + APPEARS; ; ) {
      await keys.focus();
      await this.page.keyboard.insertText(line);
      try {
        await echoed.waitFor({ timeout: 3000 });
        await keys.press("Enter");
        return;
      } catch (error) {
        if (Date.now() > end) {
          const shown = await terminal.locator(".xterm-rows").textContent();
          throw new Error(`the terminal echoes nothing; it shows: ${plain(shown)}`, { cause: error });
        }
        await keys.press("Control+U");
      }
    }
  }

  /** Waits until the terminal in front shows a text. Its rows are drawn as DOM, since the tests turn GPU drawing off. */
  async terminalShows(text: string | RegExp): Promise<void> {
    await this.page.locator(".terminal-wrapper.active .xterm-rows", { hasText: text }).first().waitFor();
  }

  /** Text of the Problems view. */
  async problems(): Promise<string[]> {
    // The key would hide what is shown already.
    if (!(await this.page.locator(".markers-panel:visible, .markers-panel-container:visible").first().isVisible())) {
      await this.page.keyboard.press("Control+Shift+M");
    }
    const rows = this.page.locator(".markers-panel .monaco-list-row, .markers-panel-container .monaco-list-row");
    await rows.first().waitFor();
    return (await rows.allInnerTexts()).map((text) => plain(text).replace(/\s+/g, " "));
  }

  /**
   * Writes a picture of the window, or of a part of it, to test-results/; and to docs/images/, which the README shows, when
   * `ZLAYER_UPDATE_IMAGES` is set.
   */
  async screenshot(name: string, part?: Locator): Promise<void> {
    const directories = process.env["ZLAYER_UPDATE_IMAGES"] ? [TEST_RESULTS, IMAGES] : [TEST_RESULTS];
    for (const directory of directories) {
      await (part ?? this.page).screenshot({ path: join(directory, `${name}.png`), animations: "disabled" });
    }
  }
}

/** The editor draws spaces as no-break spaces. */
function plain(text: string | null): string {
  return (text ?? "").replace(/\u00a0/g, " ");
}

/** Matches a whole text. */
function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\s*$`);
}
