import { ProgressLocation, type TextDocument, Uri, commands as vscodeCommands, window, workspace } from "vscode";
import { ApiError, isAbort } from "../../bridge/sidecar/api-error";
import {
  type Replicas,
  removeDeployment,
  startDeployment,
  stopDeployment,
  wantedReplicas,
} from "../../bridge/sidecar/change";
import { DeployFailed, type DeployProgress, deploy } from "../../bridge/sidecar/deploy";
import { Untrusted } from "../engine-host";
import { abortWhenCancelled, withWatchedProgress } from "../progress";
import { command, type Remedy, reportError, reportNotUp } from "../report";
import { savesBeforeDeploy, showsLogsOnFailure } from "../settings";
import { chooseSpec } from "../spec-files";
import { pickDeployment, targetArgument } from "../target";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

/** Key of the replica counts before a stop, by deployment. */
const STOPPED_KEY = "zlayer.stopped";

export const commands: NounCommands = {
  deploy: {
    failure: "The spec was not deployed",
    run: async (context, argument) => {
      if (!workspace.isTrusted) {
        throw new Untrusted();
      }
      const document = await specOf(context, argument);
      if (document !== undefined) {
        await deployDocument(context, document);
      }
    },
  },
  redeploy: {
    failure: "The deployment was not deployed again",
    run: async (context, argument) => {
      const target = await pickDeployment(context.host, argument, "Which deployment is to be deployed again?");
      if (target === undefined) {
        return;
      }
      const { name } = target.deployment;
      const document = await openIfThere(context.specFiles.of(name));
      if (document !== undefined) {
        await deployDocument(context, document);
        return;
      }
      const { client } = await context.host.connect();
      const { spec } = await client.deploymentSpec(name);
      await deployText(context, JSON.stringify(spec), undefined);
    },
  },
  stop: {
    failure: "The deployment was not stopped",
    run: async (context, argument) => {
      const target = await pickDeployment(context.host, argument, "Which deployment is to be stopped?");
      if (target === undefined) {
        return;
      }
      const engine = await context.host.connect();
      const { name } = target.deployment;
      // Before the stop: one that nobody watches to its end counts too.
      const { workspaceState } = context.extension;
      const others = workspaceState.get<Record<string, Replicas>>(STOPPED_KEY, {});
      const before = { ...others[name], ...wantedReplicas(target.deployment) };
      await workspaceState.update(STOPPED_KEY, { ...others, [name]: before });
      await withWatchedProgress(`Stopping “${name}”`, `“${name}” goes on stopping.`, (options) =>
        stopDeployment(engine, target.deployment, options),
      );
    },
  },
  start: {
    failure: "The deployment was not started",
    run: async (context, argument) => {
      const target = await pickDeployment(context.host, argument, "Which deployment is to be started?");
      if (target === undefined) {
        return;
      }
      const engine = await context.host.connect();
      const { name } = target.deployment;
      const before = context.extension.workspaceState.get<Record<string, Replicas>>(STOPPED_KEY, {})[name];
      await withWatchedProgress(`Starting “${name}”`, `“${name}” goes on starting.`, (options) =>
        startDeployment(engine, target.deployment, before ?? {}, options),
      );
    },
  },
  remove: {
    failure: "The deployment was not removed",
    run: async (context, argument) => {
      const target = await pickDeployment(context.host, argument, "Which deployment is to be removed?");
      if (target === undefined) {
        return;
      }
      const { name, services } = target.deployment;
      const replicas = services.reduce((total, service) => total + service.replicas.length, 0);
      const remove = "Remove";
      const answer = await window.showWarningMessage(
        `Remove the deployment “${name}”?`,
        { modal: true, detail: `${counted(replicas, "container")} will be stopped and removed with their logs.` },
        remove,
      );
      if (answer !== remove) {
        return;
      }
      const engine = await context.host.connect();
      await withWatchedProgress(`Removing “${name}”`, `“${name}” goes on being removed.`, (options) =>
        removeDeployment(engine, name, options),
      );
    },
  },
  showSpec: {
    failure: "The spec was not opened",
    run: async (context, argument) => {
      const target = await pickDeployment(context.host, argument, "Whose spec is to be opened?");
      if (target === undefined) {
        return;
      }
      const document = await openIfThere(context.specFiles.of(target.deployment.name));
      if (document !== undefined) {
        await window.showTextDocument(document);
        return;
      }
      const { client } = await context.host.connect();
      const { stringify } = await import("yaml");
      const stored = await client.deploymentSpec(target.deployment.name);
      const content = stringify(stored.spec);
      await window.showTextDocument(await workspace.openTextDocument({ language: "yaml", content }));
    },
  },
};

/** The spec that a deploy is about: that of a lens, of a file in the explorer, of a deployment, or the one that is chosen. */
async function specOf(context: ZLayerContext, argument: unknown): Promise<TextDocument | undefined> {
  if (argument instanceof Uri) {
    return workspace.openTextDocument(argument);
  }
  const target = targetArgument(argument);
  if (target?.uri !== undefined) {
    return workspace.openTextDocument(Uri.parse(target.uri));
  }
  const known = target && (await openIfThere(context.specFiles.of(target.deployment)));
  return known ?? chooseSpec();
}

/** Deploys a spec from the editor, unsaved changes included. */
async function deployDocument(context: ZLayerContext, document: TextDocument): Promise<void> {
  if (document.isDirty && !document.isUntitled && savesBeforeDeploy()) {
    await document.save();
  }
  await deployText(context, document.getText(), document);
}

async function deployText(context: ZLayerContext, text: string, document: TextDocument | undefined): Promise<void> {
  if (document !== undefined) {
    context.diagnostics.clear(document.uri);
  }
  try {
    const state = await window.withProgress(
      { location: ProgressLocation.Notification, title: "ZLayer", cancellable: true },
      async (progress, token) => {
        const signal = abortWhenCancelled(token);
        progress.report({ message: "connecting" });
        const { client, capabilities } = await context.host.connect(signal);
        progress.report({ message: "sending the spec" });
        let reached = 0;
        const onProgress = ({ deployment, message, fraction = 0 }: DeployProgress): void => {
          const increment = Math.max(0, fraction * 100 - reached);
          reached += increment;
          progress.report({ message: `“${deployment}” · ${message}`, increment });
        };
        return deploy(client, capabilities, text, { signal, onProgress });
      },
    );
    if (document !== undefined && !document.isUntitled) {
      await context.specFiles.remember(state.name, document.uri);
    }
    await vscodeCommands.executeCommand("setContext", "zlayer.deployed", true);
    await context.deploymentsTree.reveal(state.name);
    void announce(
      state.name,
      state.services.flatMap((service) => service.addresses),
    );
  } catch (error) {
    if (isAbort(error)) {
      window.setStatusBarMessage("ZLayer: the deploy was cancelled and undone.", 5000);
      return;
    }
    await explain(context, error, document);
  }
}

async function announce(deployment: string, addresses: readonly string[]): Promise<void> {
  const logs = command("Show Logs", "zlayer.service.showLogs", { deployment });
  const browse = command("Open in Browser", "zlayer.service.openInBrowser", { deployment });
  const offered = addresses.some((address) => address.startsWith("http")) ? [logs, browse] : [logs];
  const titles = offered.map((remedy) => remedy.title);
  const chosen = await window.showInformationMessage(`“${deployment}” runs.`, ...titles);
  await offered.find((remedy) => remedy.title === chosen)?.run();
}

/** A message with buttons, and diagnostics where the error concerns the spec. */
async function explain(context: ZLayerContext, error: unknown, document: TextDocument | undefined): Promise<void> {
  const remedies: Remedy[] = [];
  if (document !== undefined && (error instanceof ApiError || error instanceof DeployFailed)) {
    const place = await context.diagnostics.show(document, error);
    if (place !== undefined) {
      remedies.push({ title: "Show in Spec", run: () => window.showTextDocument(document, { selection: place }) });
    }
  }
  if (error instanceof DeployFailed) {
    const { deployment, service } = error;
    const target = { deployment, ...(service !== undefined && { service }) };
    if (showsLogsOnFailure()) {
      await vscodeCommands.executeCommand("zlayer.service.showLogs", target);
    }
    reportNotUp(error, remedies);
    return;
  }
  remedies.push({ title: "Retry", run: () => deployAgain(context, document) });
  context.log.error(error instanceof Error ? error : String(error));
  reportError("The spec was not deployed", error, remedies);
}

async function deployAgain(context: ZLayerContext, document: TextDocument | undefined): Promise<void> {
  if (document === undefined) {
    await vscodeCommands.executeCommand("zlayer.deployment.deploy");
  } else {
    await deployDocument(context, document);
  }
}

async function openIfThere(uri: Uri | undefined): Promise<TextDocument | undefined> {
  if (uri === undefined) {
    return undefined;
  }
  try {
    return await workspace.openTextDocument(uri);
  } catch {
    return undefined;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
