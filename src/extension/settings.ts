import { type ConfigurationChangeEvent, workspace } from "vscode";

/** The settings that say which engine is used, as the user wrote them. */
export interface EngineSettings {
  readonly endpoint: string;
  readonly sidecarPath: string;
  readonly dataDir: string;
  readonly socket: string;
}

const ENGINE_KEYS = ["zlayer.endpoint", "zlayer.sidecar.path", "zlayer.sidecar.dataDir", "zlayer.sidecar.socket"];

export function engineSettings(): EngineSettings {
  const settings = workspace.getConfiguration("zlayer");
  return {
    endpoint: settings.get<string>("endpoint", "").trim(),
    sidecarPath: settings.get<string>("sidecar.path", ""),
    dataDir: settings.get<string>("sidecar.dataDir", ""),
    socket: settings.get<string>("sidecar.socket", ""),
  };
}

export function changesEngine(event: ConfigurationChangeEvent): boolean {
  return ENGINE_KEYS.some((key) => event.affectsConfiguration(key));
}

/** Whether a spec with unsaved changes is saved before it is deployed. */
export function savesBeforeDeploy(): boolean {
  return workspace.getConfiguration("zlayer").get<boolean>("deploy.saveBeforeDeploy", true);
}

/** Whether a deployment's logs open when it fails to come up. */
export function showsLogsOnFailure(): boolean {
  return workspace.getConfiguration("zlayer").get<boolean>("deploy.showLogsOnFailure", false);
}
