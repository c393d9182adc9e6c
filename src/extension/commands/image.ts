import { ProgressLocation, window } from "vscode";
import type { PullLine } from "../../bridge/sidecar/types";
import { amount, size } from "../../bridge/sidecar/words";
import { abortWhenCancelled, withSteadyProgress } from "../progress";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  pull: {
    failure: "The image was not pulled",
    run: async (context, argument) => {
      const reference =
        imageArgument(argument) ??
        (await window.showInputBox({
          title: "Pull an image",
          prompt: "Reference of the image, with its registry and tag.",
          placeHolder: "docker.io/library/nginx:1.29",
          validateInput: (value) => (/\s/.test(value.trim()) ? "A reference has no spaces." : undefined),
        }));
      if (reference !== undefined && reference.trim() !== "") {
        await pull(context, reference.trim());
      }
    },
  },
  remove: {
    failure: "The image was not removed",
    run: async (context, argument) => {
      const image = imageArgument(argument) ?? (await pickImage(context, "Which image is to be removed?"));
      if (image === undefined) {
        return;
      }
      const remove = "Remove";
      const detail = "A deployment that needs it pulls it again.";
      if (
        (await window.showWarningMessage(`Remove the image “${image}”?`, { modal: true, detail }, remove)) === remove
      ) {
        const { client } = await context.host.connect();
        await withSteadyProgress(`Removing ${image}`, () => client.removeImage(image));
      }
    },
  },
  prune: {
    failure: "The unused images were not removed",
    run: async (context) => {
      const remove = "Remove";
      const detail = "Deployments that need them pull them again.";
      const question = "Remove all images that no container uses?";
      if ((await window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) {
        return;
      }
      const { client } = await context.host.connect();
      const result = await withSteadyProgress("Removing unused images", () => client.pruneImages());
      const freed = size(result.space_reclaimed);
      const count = result.deleted.length;
      const what = count === 1 ? "1 image" : `${count} images`;
      void window.showInformationMessage(
        count === 0 ? "Every image is in use." : `Removed ${what}; ${freed} are free again.`,
      );
    },
  },
  refresh: {
    failure: "The images were not read",
    run: async (context) => context.imagesTree.refresh(),
  },
};

async function pull(context: ZLayerContext, reference: string): Promise<void> {
  await window.withProgress(
    { location: ProgressLocation.Notification, title: `Pulling ${reference}`, cancellable: true },
    async (progress, token) => {
      const signal = abortWhenCancelled(token);
      const { client } = await context.host.connect(signal);
      const layers = new Map<string, PullLine>();
      for await (const line of client.pullImage(reference, { signal })) {
        layers.set(line.id ?? "", line);
        progress.report({ message: pullWords([...layers.values()], line) });
      }
    },
  );
}

/** "43 of 120 MB" over all layers, or the engine's own words where it counts no bytes. */
function pullWords(layers: readonly PullLine[], last: PullLine): string {
  const counted = layers.filter((layer) => layer.total != null);
  if (counted.length === 0) {
    return last.status ?? "";
  }
  const sum = (value: (layer: PullLine) => number): number => counted.reduce((total, layer) => total + value(layer), 0);
  return amount({ done: sum((layer) => layer.current ?? 0), total: sum((layer) => layer.total ?? 0), unit: "bytes" });
}

function imageArgument(argument: unknown): string | undefined {
  if (typeof argument !== "object" || argument === null || !("image" in argument)) {
    return undefined;
  }
  return typeof argument.image === "string" ? argument.image : undefined;
}

async function pickImage(context: ZLayerContext, placeHolder: string): Promise<string | undefined> {
  const { client } = await context.host.connect();
  const items = (await client.images()).map((image) => ({
    label: image.reference,
    description: image.size_bytes == null ? "" : size(image.size_bytes),
  }));
  if (items.length === 0) {
    void window.showInformationMessage("There are no images yet. A deploy pulls those that it needs.");
    return undefined;
  }
  return (await window.showQuickPick(items, { placeHolder }))?.label;
}
