import { window, workspace } from "vscode";
import { requestEffectiveSpec } from "../../language/client";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  explain: {
    failure: "The spec was not explained",
    run: explain,
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
