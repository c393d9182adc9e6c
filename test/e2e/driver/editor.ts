// What a person does with the text in front: suggestions, hovers, quick fixes, renaming.
import type { Locator, Page } from "playwright-core";
import type { Workbench } from "./workbench";

/** How long something may take to appear before the test fails, in milliseconds. */
const APPEARS = 30_000;

/** More rows than any list of suggestions here has. */
const MOST_ROWS = 100;

/** The text editor in front of a window. */
export class Editor {
  /** For what the methods here do not offer. */
  readonly page: Page;

  constructor(workbench: Workbench) {
    this.page = workbench.page;
  }

  /** Creates a file with the button of the Explorer, which opens it. */
  async createFile(name: string): Promise<void> {
    await this.page.locator(".sidebar").hover();
    await this.page.locator('.sidebar .action-label[aria-label="New File..."]').first().click();
    const input = this.page.locator(".explorer-folders-view .monaco-inputbox input");
    await input.fill(name);
    await input.press("Enter");
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
    await this.focus();
  }

  async focus(): Promise<void> {
    await this.page.locator(".editor-group-container.active .view-lines").first().click();
  }

  /** The list of suggestions. */
  suggestions(): Locator {
    return this.page.locator(".suggest-widget.visible");
  }

  /**
   * Asks for suggestions, unless they are already shown, goes down to one and takes it.
   *
   * @throws {Error} with what is offered, when it is not among them
   */
  async take(label: string): Promise<void> {
    await this.goTo(label);
    await this.page.keyboard.press("Enter");
  }

  /** Selects a suggestion without taking it. */
  async goTo(label: string): Promise<void> {
    const focused = this.suggestions().locator(".monaco-list-row.focused .label-name");
    for (const end = Date.now() + APPEARS; ; ) {
      if (!(await this.suggestions().isVisible())) {
        await this.page.keyboard.press("Control+Space");
      }
      const appeared = await focused.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      );
      if (appeared) {
        break;
      }
      if (Date.now() > end) {
        throw new Error(`nothing is suggested where ${label} should be`);
      }
      await this.page.keyboard.press("Escape");
    }
    const offered: string[] = [];
    for (let row = 0; row < MOST_ROWS; row += 1) {
      const shown = (await focused.first().textContent()) ?? "";
      if (shown === label) {
        return;
      }
      offered.push(shown);
      await this.page.keyboard.press("ArrowDown");
    }
    throw new Error(`${label} is not suggested, only ${[...new Set(offered)].join(", ")}`);
  }

  /** Shows the documentation beside the list of suggestions, or hides it. */
  async toggleDocumentation(): Promise<void> {
    const details = this.page.locator(".suggest-details-container");
    const isShown = await details.isVisible();
    await this.page.keyboard.press("Control+Space");
    await details.waitFor({ state: isShown ? "hidden" : "visible" });
  }

  /** Types what nothing can suggest, and goes on to what the snippet leaves open. */
  async fill(text: string): Promise<void> {
    await this.type(text);
    await this.page.keyboard.press("Tab");
  }

  /** Types, and closes what is suggested meanwhile. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
    await this.closeSuggestions();
  }

  /** Begins a line below, so many steps further left than the editor indents it. */
  async newLine(steps = 0): Promise<void> {
    await this.closeSuggestions();
    // Leaves the snippet, whose places Enter would only make longer.
    await this.page.keyboard.press("Escape");
    await this.page.keyboard.press("End");
    await this.page.keyboard.press("Enter");
    for (let step = 0; step < steps; step += 1) {
      await this.page.keyboard.press("Backspace");
    }
  }

  private async closeSuggestions(): Promise<void> {
    if (await this.suggestions().isVisible()) {
      await this.page.keyboard.press("Escape");
      await this.suggestions().waitFor({ state: "hidden" });
    }
  }

  /** A word of the visible text. */
  word(text: string, nth = 0): Locator {
    return this.page.locator(".editor-group-container.active .view-line span span", { hasText: text }).nth(nth);
  }

  /** Puts the cursor into a word. */
  async click(word: Locator): Promise<void> {
    const { x, y } = await middle(word);
    await this.page.mouse.click(x, y);
  }

  /** Shows what is known of a word, as resting the pointer on it does. */
  async hover(word: Locator): Promise<Locator> {
    const shown = this.page.locator(".monaco-hover:visible .hover-contents").first();
    for (const end = Date.now() + APPEARS; ; ) {
      const { x, y } = await middle(word);
      await this.page.mouse.move(x, y);
      try {
        await shown.waitFor({ timeout: 3000 });
        return this.page.locator(".monaco-hover:visible").first();
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
        // Only a pointer that moves makes the editor ask again.
        await this.page.mouse.move(0, 0);
      }
    }
  }

  /** The menu of quick fixes at the cursor. */
  async quickFixes(): Promise<Locator> {
    const menu = this.page.locator(".action-widget:visible");
    for (const end = Date.now() + APPEARS; ; ) {
      await this.page.keyboard.press("Control+.");
      try {
        await menu.locator(".monaco-list-row").first().waitFor({ timeout: 3000 });
        return menu;
      } catch (error) {
        if (Date.now() > end) {
          throw error;
        }
      }
    }
  }

  /** Renames what the cursor is on. */
  async rename(to: string): Promise<void> {
    await this.page.keyboard.press("F2");
    const input = this.page.locator(".rename-box input");
    await input.waitFor();
    await input.fill(to);
    await input.press("Enter");
    await input.waitFor({ state: "hidden" });
  }

  /** What the status bar says of problems, such as `No Problems` or `Errors: 2`. */
  async problemCount(): Promise<string> {
    return (await this.page.locator("[id='status.problems'] a").getAttribute("aria-label")) ?? "";
  }
}

/** Where to point: a pointer that goes to the element itself would scroll the window's inside out of its place. */
async function middle(word: Locator): Promise<{ x: number; y: number }> {
  for (const end = Date.now() + APPEARS; ; ) {
    await word.waitFor();
    const box = await word.boundingBox();
    if (box !== null) {
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    }
    // The line was drawn anew meanwhile.
    if (Date.now() > end) {
      throw new Error("the word is not in sight");
    }
  }
}
