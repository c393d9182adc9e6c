import { env, Uri, window } from "vscode";
import { scaleService } from "../../bridge/sidecar/change";
import { withWatchedProgress } from "../progress";
import { pickDeployment, pickService, type TargetArgument, targetArgument } from "../target";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

/** Most replicas that can be asked for in the editor: more is a typing error. */
const REPLICAS_MAX = 1000;

export const commands: NounCommands = {
  scale: {
    failure: "The service was not scaled",
    run: async (context, argument) => {
      const target = await pickService(context.host, argument, "Which service is to be scaled?");
      if (target === undefined) {
        return;
      }
      const { deployment, service } = target;
      const text = await window.showInputBox({
        title: `Scale “${service.name}” of “${deployment.name}”`,
        prompt: `Number of replicas, from 0 to ${REPLICAS_MAX}. Now: ${service.desired}.`,
        value: String(service.desired),
        validateInput: (value) =>
          replicasIn(value) === undefined ? `Write a whole number from 0 to ${REPLICAS_MAX}.` : undefined,
      });
      const replicas = text === undefined ? undefined : replicasIn(text);
      if (replicas === undefined || replicas === service.desired) {
        return;
      }
      const engine = await context.host.connect();
      const goal = `“${service.name}” to ${replicas === 1 ? "1 replica" : `${replicas} replicas`}`;
      await withWatchedProgress(`Scaling ${goal}`, `Scaling ${goal} goes on.`, (options) =>
        scaleService(engine, deployment.name, service.name, replicas, options),
      );
    },
  },
  showLogs: {
    failure: "The logs were not opened",
    run: async (context, argument) => {
      const target = await panelTarget(context, argument, "Whose logs are to be shown?");
      if (target !== undefined) {
        await context.panels.openLogs(target);
      }
    },
  },
  showMetrics: {
    failure: "The metrics were not opened",
    run: async (context, argument) => {
      const target = await panelTarget(context, argument, "Whose metrics are to be shown?");
      if (target !== undefined) {
        await context.panels.openMetrics(target);
      }
    },
  },
  copyAddress: {
    failure: "The address was not copied",
    run: async (context, argument) => {
      const address = await pickAddress(context, argument, "Which address is to be copied?");
      if (address !== undefined) {
        await env.clipboard.writeText(address);
        window.setStatusBarMessage(`Copied ${address}`, 3000);
      }
    },
  },
  openInBrowser: {
    failure: "The browser was not opened",
    run: async (context, argument) => {
      const address = await pickAddress(context, argument, "Which address is to be opened?", (text) =>
        /^https?:/.test(text),
      );
      if (address !== undefined) {
        // In a remote or a browser VS Code, this makes an address that the user's own browser can reach.
        await env.openExternal(await env.asExternalUri(Uri.parse(address, true)));
      }
    },
  },
};

function replicasIn(text: string): number | undefined {
  const replicas = /^\d{1,4}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return replicas <= REPLICAS_MAX ? replicas : undefined;
}

/** What a panel shows: just what was pointed at. Without an argument, a deployment. */
async function panelTarget(
  context: ZLayerContext,
  argument: unknown,
  placeHolder: string,
): Promise<TargetArgument | undefined> {
  const target = await pickDeployment(context.host, argument, placeHolder);
  if (target === undefined) {
    return undefined;
  }
  const { service, replica } = targetArgument(argument) ?? {};
  const { deployment } = target;
  return {
    deployment: deployment.name,
    ...(service !== undefined && { service }),
    ...(replica !== undefined && { replica }),
  };
}

async function pickAddress(
  context: ZLayerContext,
  argument: unknown,
  placeHolder: string,
  fits: (address: string) => boolean = () => true,
): Promise<string | undefined> {
  const wanted = targetArgument(argument);
  const target = await pickService(context.host, wanted, placeHolder, (service) => service.addresses.some(fits));
  if (target === undefined) {
    return undefined;
  }
  const addresses = target.service.addresses.filter(fits);
  if (addresses.length === 0) {
    const what = `“${target.service.name}” has no address that can be opened here.`;
    void window.showInformationMessage(`${what} Give it an endpoint with a port mapping in the spec.`);
    return undefined;
  }
  return addresses.length === 1 ? addresses[0] : window.showQuickPick(addresses, { placeHolder });
}
