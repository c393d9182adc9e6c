import { commands, type Disposable, window } from "vscode";
import { versionsFit } from "../bridge/sidecar/binary";
import type { ZLayerContext } from "./zlayer-context";

/** When the sidecar that runs is of another version than this extension, offers to replace it; asks once a window and version. */
export function offerRunningVersion({ host }: ZLayerContext): Disposable {
  const asked = new Set<string>();
  return host.onDidChangeStatus((status) => {
    if (status.kind !== "connected" || status.capabilities.kind !== "sidecar" || host.supervisor === undefined) {
      return;
    }
    const { version } = status.capabilities.info;
    if (version !== host.version && !asked.has(version)) {
      asked.add(version);
      void ask(version, host.version);
    }
  });
}

async function ask(running: string, wanted: string): Promise<void> {
  const replace = "Replace It";
  const text = `The sidecar that runs has version ${running}; this extension brings ${wanted}. Containers go on running while it is replaced.`;
  const chosen = versionsFit(running, wanted)
    ? await window.showInformationMessage(text, replace)
    : await window.showWarningMessage(`${text} Until then some commands may fail.`, replace);
  if (chosen === replace) {
    await commands.executeCommand("zlayer.sidecar.restart");
  }
}
