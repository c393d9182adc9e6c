import { ThemeColor, ThemeIcon } from "vscode";
import type { Phase } from "../../bridge/sidecar/types";

const ICONS: Readonly<Record<Phase, readonly [icon: string, color: string]>> = {
  waiting: ["watch", "charts.yellow"],
  starting: ["loading~spin", "charts.blue"],
  running: ["pass-filled", "testing.iconPassed"],
  unhealthy: ["warning", "list.warningForeground"],
  backoff: ["debug-restart", "list.warningForeground"],
  stopping: ["loading~spin", "disabledForeground"],
  stopped: ["circle-outline", "disabledForeground"],
  failed: ["error", "testing.iconFailed"],
};

/** Shape and colour of a phase: each can be told without the other. */
export function phaseIcon(phase: Phase): ThemeIcon {
  const [icon, color] = ICONS[phase];
  return new ThemeIcon(icon, new ThemeColor(color));
}
