import { join } from "node:path";
import { Uri, commands as vscodeCommands, window, workspace } from "vscode";
import { placesOf } from "../../bridge/sidecar/places";
import { engineSettings } from "../settings";
import type { ZLayerContext } from "../zlayer-context";
import type { NounCommands } from "./registry";

const SAMPLE = "hello";
/** The image that `npm start` assembles, and one of the public registry that does the same where that did not happen. */
const LOCAL_IMAGE = "oci-layout.localhost/hello:1";
const PUBLIC_IMAGE = "docker.io/library/busybox:1.37";

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
  if (
    !(await exists(
      Uri.file(join(placesOf({ dataDir: engineSettings().dataDir }).dataDir, "images", "layouts", SAMPLE)),
    ))
  ) {
    await usePublicImage(spec);
  }
  await window.showTextDocument(await workspace.openTextDocument(spec));
  await vscodeCommands.executeCommand("setContext", "zlayer.sampleOpened", true);
}

async function usePublicImage(spec: Uri): Promise<void> {
  const text = new TextDecoder().decode(await workspace.fs.readFile(spec));
  const changed = text.replace(/^ *# Assembled on this machine.*\n/m, "").replaceAll(LOCAL_IMAGE, PUBLIC_IMAGE);
  if (changed !== text) {
    await workspace.fs.writeFile(spec, new TextEncoder().encode(changed));
  }
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
