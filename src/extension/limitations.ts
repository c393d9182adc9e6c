import { type Disposable, env, window } from "vscode";
import { limitations } from "../bridge/sidecar/capabilities";
import type { Limitation } from "../bridge/sidecar/types";
import type { ZLayerContext } from "./zlayer-context";

const SHOWN_KEY = "zlayer.limitationsShown";

/** Says once for each limitation, on this machine, what it does not allow and how that is changed. */
export function showLimitationsOnce({ host, extension }: ZLayerContext): Disposable {
  return host.onDidChangeStatus((status) => {
    if (status.kind !== "connected") {
      return;
    }
    const shown = extension.globalState.get<string[]>(SHOWN_KEY, []);
    const unknown = limitations(status.capabilities).filter(({ code }) => !shown.includes(code));
    if (unknown.length > 0) {
      void extension.globalState.update(SHOWN_KEY, [...shown, ...unknown.map(({ code }) => code)]);
      for (const limitation of unknown) {
        void show(limitation);
      }
    }
  });
}

async function show({ message, remedy }: Limitation): Promise<void> {
  const copy = "Copy Command";
  const commandLine = /`([^`]+)`/.exec(remedy)?.[1];
  const buttons = commandLine === undefined ? [] : [copy];
  const chosen = await window.showWarningMessage(`${message} ${remedy}`, ...buttons);
  if (chosen === copy && commandLine !== undefined) {
    await env.clipboard.writeText(commandLine);
  }
}
