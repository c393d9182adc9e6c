import { posix } from "node:path";
import { type TextDocument, window, workspace } from "vscode";
import { requestEffectiveSpec } from "../../language/client";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  explain: {
    failure: "The spec was not explained",
    run: explain,
  },
  convertCompose: {
    failure: "The Compose file was not converted",
    run: convert,
  },
};

/** Opens what the engine makes of the spec in the active editor, every default filled in and marked. */
async function explain(): Promise<void> {
  const document = window.activeTextEditor?.document;
  if (document?.languageId !== "zlayer") {
    void window.showInformationMessage("Open the spec that is to be explained, and run the command again.");
    return;
  }
  const effective = await requestEffectiveSpec(document);
  if ("error" in effective) {
    void window.showErrorMessage(`This spec cannot be explained before it is valid. ${effective.error}`);
    return;
  }
  const explained = await workspace.openTextDocument({ language: "yaml", content: effective.text });
  await window.showTextDocument(explained, { preview: true, viewColumn: -2 });
}

/** Writes the Compose file in the active editor, or one of the workspace, as a spec in a new editor. */
async function convert(): Promise<void> {
  const compose = await composeFile();
  if (compose === undefined) {
    return;
  }
  const { convertCompose } = await import("../../language/compose");
  const folder = posix.basename(posix.dirname(compose.uri.path));
  const { spec, lost } = convertCompose(
    compose.getText(),
    folder === "" ? "app" : folder,
    compose.uri.scheme === "file" || compose.uri.scheme === "vscode-remote"
      ? posix.dirname(compose.uri.path)
      : undefined,
  );
  await window.showTextDocument(await workspace.openTextDocument({ language: "zlayer", content: spec }));
  if (lost.length > 0) {
    const parts = lost.length === 1 ? "One part has" : `${lost.length} parts have`;
    void window.showWarningMessage(`${parts} no counterpart in a spec. The list is at the top of the new file.`);
  }
}

async function composeFile(): Promise<TextDocument | undefined> {
  const active = window.activeTextEditor?.document;
  if (active !== undefined && /compose[^/]*\.ya?ml$/.test(active.uri.path)) {
    return active;
  }
  const found = await workspace.findFiles("**/*compose*.{yml,yaml}", "**/node_modules/**", 50);
  const items = found.map((uri) => ({ label: workspace.asRelativePath(uri), uri }));
  const picked =
    items.length > 0 ? await window.showQuickPick(items, { placeHolder: "Compose file to convert" }) : undefined;
  if (items.length === 0) {
    void window.showInformationMessage(
      "There is no Compose file in this workspace. Open one, and run the command again.",
    );
  }
  return picked && (await workspace.openTextDocument(picked.uri));
}
