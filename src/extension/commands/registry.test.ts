import { describe, expect, it, vi } from "vitest";
import manifest from "../../../package.json";
import { NOUNS } from "./registry";

// Only what is read while the modules are loaded.
vi.mock("vscode", () => ({ EventEmitter: class {}, ThemeIcon: class {}, ThemeColor: class {}, TreeItem: class {} }));

const declared = manifest.contributes.commands.map(({ command }) => command);

describe("commands", () => {
  it("are all implemented", async () => {
    const missing: string[] = [];
    for (const id of declared) {
      const [, noun = "", verb = ""] = id.split(".");
      const commands = (await NOUNS[noun]?.())?.commands;
      if (commands?.[verb] === undefined) {
        missing.push(id);
      }
    }
    expect(missing).toEqual([]);
  });

  it("are all declared", async () => {
    const implemented: string[] = [];
    for (const [noun, load] of Object.entries(NOUNS)) {
      implemented.push(...Object.keys((await load()).commands).map((verb) => `zlayer.${noun}.${verb}`));
    }
    expect(implemented.filter((id) => !declared.includes(id))).toEqual([]);
  });

  it("are the only ones that menus, keys, views and the walkthrough name", () => {
    const text = JSON.stringify([
      manifest.contributes.menus,
      manifest.contributes.keybindings,
      manifest.contributes.viewsWelcome,
      manifest.contributes.walkthroughs,
    ]);
    const named = new Set(text.match(/zlayer\.[a-z]+\.[a-zA-Z]+(?=[")])/g));
    const unknown = [...named].filter((id) => !declared.includes(id) && !id.startsWith("zlayer.feature."));
    expect(unknown).toEqual([]);
  });
});
