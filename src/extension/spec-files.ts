import { type Memento, RelativePattern, type TextDocument, Uri, window, workspace } from "vscode";
import { isSpecName, SPEC_GLOB } from "../protocol/spec-name";

/** More specs than this are not offered at once. */
const OFFERED_MAX = 200;

const KEY = "zlayer.specFiles";

/** The workspace's spec files, and which of them each deployment came from. */
export class SpecFiles {
  readonly #memory: Memento;

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Remembers where a deployment's spec is, for Redeploy. */
  async remember(deployment: string, uri: Uri): Promise<void> {
    await this.#memory.update(KEY, { ...this.#all(), [deployment]: uri.toString() });
  }

  /** The file that a deployment came from, when it was deployed from this workspace. */
  of(deployment: string): Uri | undefined {
    const known = this.#all()[deployment];
    return known === undefined ? undefined : Uri.parse(known);
  }

  #all(): Record<string, string> {
    return this.#memory.get<Record<string, string>>(KEY, {});
  }
}

/** Whether a document is a spec, by its language or its name. */
export function isSpec(document: TextDocument): boolean {
  return document.languageId === "zlayer" || isSpecName(baseName(document.uri));
}

/**
 * The spec that a deploy is about: the one in front, else the only one of the workspace, else the one that is picked.
 * `undefined`: none was picked, or there is none, which has been said.
 */
export async function chooseSpec(): Promise<TextDocument | undefined> {
  const active = window.activeTextEditor?.document;
  if (active !== undefined && isSpec(active)) {
    return active;
  }
  const visible = window.visibleTextEditors.map((editor) => editor.document).find(isSpec);
  if (visible !== undefined) {
    return visible;
  }
  const folders = workspace.workspaceFolders ?? [];
  const found = await Promise.all(
    folders.map((folder) =>
      workspace.findFiles(new RelativePattern(folder, `**/${SPEC_GLOB}`), "**/node_modules/**", OFFERED_MAX),
    ),
  );
  const files = found.flat().sort((a, b) => a.path.localeCompare(b.path));
  const only = files[0];
  if (only === undefined) {
    const { offerSample } = await import("./commands/sample");
    await offerSample("No spec was found. A spec is a file whose name ends in .zlayer.yml.");
    return undefined;
  }
  const uri = files.length === 1 ? only : await pickFile(files);
  return uri && workspace.openTextDocument(uri);
}

async function pickFile(files: readonly Uri[]): Promise<Uri | undefined> {
  const items = files.map((uri) => ({ label: baseName(uri), description: workspace.asRelativePath(uri), uri }));
  return (await window.showQuickPick(items, { placeHolder: "Which spec is to be deployed?", matchOnDescription: true }))
    ?.uri;
}

function baseName(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf("/") + 1);
}
