import { window } from "vscode";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  setToken: {
    failure: "The access token was not stored",
    run: async (context) => {
      const token = await window.showInputBox({
        title: "Access token for the daemon that zlayer.endpoint names",
        prompt: "It is kept in this machine's secret store, not in the settings. Leave it empty to remove it.",
        password: true,
        ignoreFocusOut: true,
      });
      if (token !== undefined) {
        await context.host.setToken(token.trim() === "" ? undefined : token.trim());
      }
    },
  },
  retry: {
    failure: "The engine was not reached",
    run: async (context) => {
      await context.host.connect();
    },
  },
};
