import { Uri, window, workspace } from "vscode";
import { Untrusted } from "../engine-host";
import { withProgress } from "../progress";
import { SidecarLog } from "../views/sidecar-log";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  start: {
    failure: "The sidecar was not started",
    run: async (context) => {
      await withProgress("Starting the ZLayer sidecar", (signal) => context.host.connect(signal));
    },
  },
  restart: {
    failure: "The sidecar was not restarted",
    run: async (context) => {
      if (!workspace.isTrusted) {
        throw new Untrusted();
      }
      const supervisor = context.host.supervisor;
      if (supervisor === undefined) {
        void window.showInformationMessage(
          "The setting zlayer.endpoint names a daemon that ZLayer does not start. Restart it where it runs.",
        );
        return;
      }
      await withProgress("Restarting the ZLayer sidecar; containers go on running", async (signal) => {
        await supervisor.replace(signal);
        await context.host.connect(signal);
      });
    },
  },
  showLog: {
    failure: "The sidecar's log was not opened",
    run: async (context) => showLog(context),
  },
};

async function showLog(context: ZLayerContext): Promise<void> {
  const file = context.host.supervisor?.logFile;
  if (file === undefined) {
    context.log.show();
    return;
  }
  try {
    await workspace.fs.stat(Uri.file(file));
  } catch {
    context.log.show();
    context.log.info(`The sidecar has not written to ${file} yet.`);
    return;
  }
  context.sidecarLog ??= context.own(new SidecarLog(file));
  context.sidecarLog.show();
}
