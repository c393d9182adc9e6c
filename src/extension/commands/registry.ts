import { commands, Disposable } from "vscode";
import type { DeployFailed } from "../../bridge/sidecar/deploy";
import { reportError, reportNotUp } from "../report";
import type { ZLayerContext } from "../zlayer-context";

/** A command: what to say when it fails ("It was not removed"), and what it does. */
export interface Command {
  readonly failure: string;
  run(context: ZLayerContext, argument: unknown): Promise<unknown>;
}

/** The commands of one noun, by verb. */
export type NounCommands = Readonly<Record<string, Command>>;

/** Loaded when the first command of the noun runs, so that activation does not wait for them. */
export const NOUNS: Readonly<Record<string, () => Promise<{ readonly commands: NounCommands }>>> = {
  connection: () => import("./connection"),
  container: () => import("./container"),
  deployment: () => import("./deployment"),
  image: () => import("./image"),
  job: () => import("./job"),
  market: () => import("./market"),
  operator: () => import("./operator"),
  sample: () => import("./sample"),
  service: () => import("./service"),
  sidecar: () => import("./sidecar"),
  spec: () => import("./spec"),
  wallet: () => import("./wallet"),
};

/** Registers every command of package.json whose noun is known here: `zlayer.<noun>.<verb>`. */
export function registerCommands(context: ZLayerContext): Disposable {
  const manifest = context.extension.extension.packageJSON as {
    contributes: { commands: readonly { command: string }[] };
  };
  const registered: Disposable[] = [];
  for (const { command: id } of manifest.contributes.commands) {
    const [, noun = "", verb = ""] = id.split(".");
    const load = NOUNS[noun];
    if (load !== undefined) {
      registered.push(commands.registerCommand(id, (argument: unknown) => run(context, id, verb, load, argument)));
    }
  }
  return Disposable.from(...registered);
}

async function run(
  context: ZLayerContext,
  id: string,
  verb: string,
  load: () => Promise<{ readonly commands: NounCommands }>,
  argument: unknown,
): Promise<void> {
  const command = (await load()).commands[verb];
  if (command === undefined) {
    throw new Error(`${id} has no implementation.`);
  }
  try {
    if (!isFromSelection(argument)) {
      await command.run(context, argument);
    } else if (context.deploymentsTree.selection?.kind === "deployment") {
      await command.run(context, context.deploymentsTree.selection);
    }
  } catch (error) {
    context.log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    // By its name: the class would be loaded with the extension.
    if (error instanceof Error && error.name === "DeployFailed") {
      reportNotUp(error as DeployFailed);
    } else {
      reportError(command.failure, error);
    }
  }
}

/** The argument of a keybinding of the tree: the selected deployment is meant, and nothing when another row is selected. */
function isFromSelection(argument: unknown): boolean {
  return typeof argument === "object" && argument !== null && "from" in argument && argument.from === "selection";
}
