import { env, window } from "vscode";
import { whyMissing } from "../../bridge/sidecar/capabilities";
import { restartContainers } from "../../bridge/sidecar/change";
import { withWatchedProgress } from "../progress";
import { pickReplica, pickService, targetArgument } from "../target";
import { runs } from "../views/deployment-nodes";
import { openShell } from "../views/shell-terminal";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  restart: {
    failure: "It was not restarted",
    run: async (context, argument) => {
      const wanted = targetArgument(argument);
      if (wanted?.replica !== undefined) {
        const target = await pickReplica(context.host, wanted, "Which container is to be restarted?");
        if (target !== undefined) {
          const { deployment, service, replica } = target;
          await restart(context, deployment.name, `${service.name}/${replica.index}`, [replica.id]);
        }
        return;
      }
      const target = await pickService(context.host, wanted, "Which service is to be restarted?");
      if (target !== undefined) {
        const { deployment, service } = target;
        const ids = service.replicas.map((replica) => replica.id);
        await restart(context, deployment.name, `“${service.name}”`, ids);
      }
    },
  },
  openShell: {
    failure: "The shell was not opened",
    run: async (context, argument) => {
      const { capabilities, client } = await context.host.connect();
      const missing = whyMissing(capabilities, "tty");
      if (missing !== undefined) {
        void window.showInformationMessage(missing);
        return;
      }
      const target = await pickReplica(context.host, argument, "In which container is a shell to be opened?", runs);
      if (target !== undefined) {
        openShell(client, target.replica.id, `${target.service.name}/${target.replica.index}`);
      }
    },
  },
  copyId: {
    failure: "The id was not copied",
    run: async (context, argument) => {
      const target = await pickReplica(context.host, argument, "Whose id is to be copied?");
      if (target !== undefined) {
        await env.clipboard.writeText(target.replica.id);
        window.setStatusBarMessage(`Copied ${target.replica.id}`, 3000);
      }
    },
  },
};

async function restart(
  context: ZLayerContext,
  deployment: string,
  what: string,
  containers: readonly string[],
): Promise<void> {
  if (containers.length === 0) {
    void window.showInformationMessage(
      `${what} has no container that could be restarted. Start “${deployment}” first.`,
    );
    return;
  }
  const engine = await context.host.connect();
  await withWatchedProgress(`Restarting ${what}`, `The restart of ${what} goes on.`, (options) =>
    restartContainers(engine, deployment, containers, options),
  );
}
