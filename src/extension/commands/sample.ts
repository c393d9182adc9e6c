import { Uri, commands as vscodeCommands, window, workspace } from "vscode";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

const SAMPLE = "hello";

export const commands: NounCommands = {
  open: {
    failure: "The sample was not opened",
    run: openSample,
  },
};

/** Says that something is missing, and offers the sample as a start. */
export async function offerSample(message: string): Promise<void> {
  const open = "Open the Sample";
  if ((await window.showInformationMessage(message, open)) === open) {
    await vscodeCommands.executeCommand("zlayer.sample.open");
  }
}

/** Copies the sample to a place of the user's, once, and opens its spec. */
async function openSample(context: ZLayerContext): Promise<void> {
  const source = Uri.joinPath(context.extension.extensionUri, "samples", SAMPLE);
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const parent = folder ?? context.extension.globalStorageUri;
  const destination = Uri.joinPath(parent, folder === undefined ? SAMPLE : `zlayer-${SAMPLE}`);
  const inSample = folder !== undefined && (await exists(Uri.joinPath(folder, `${SAMPLE}.zlayer.yml`)));
  const place = inSample ? folder : destination;
  if (!(await exists(place))) {
    await workspace.fs.createDirectory(parent);
    await workspace.fs.copy(source, place);
  }
  const spec = Uri.joinPath(place, `${SAMPLE}.zlayer.yml`);
  await window.showTextDocument(await workspace.openTextDocument(spec));
  await vscodeCommands.executeCommand("setContext", "zlayer.sampleOpened", true);
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
