// Stands in for Red Hat's YAML extension: the same language server for the same documents, with the schemas that other extensions
// offer in their `yamlValidation`.
import * as vscode from "vscode";
import { LanguageClient, TransportKind } from "vscode-languageclient/node";

interface YamlValidation {
  readonly fileMatch: string | readonly string[];
  readonly url: string;
}

/** The schemas that the installed extensions offer, in the form of the notification `json/schemaAssociations`. */
function schemas(): { fileMatch: string[]; uri: string }[] {
  return vscode.extensions.all.flatMap((extension) => {
    const { contributes } = extension.packageJSON as { contributes?: { yamlValidation?: readonly YamlValidation[] } };
    return (contributes?.yamlValidation ?? []).map(({ fileMatch, url }) => ({
      fileMatch: [fileMatch].flat().map((name) => `/${name}`),
      uri: vscode.Uri.joinPath(extension.extensionUri, url).toString(),
    }));
  });
}

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const module = process.env["YAML_LANGUAGE_SERVER"];
  if (module === undefined) {
    throw new Error("YAML_LANGUAGE_SERVER must name the language server's module.");
  }
  const client = new LanguageClient(
    "yaml",
    "YAML Support",
    { module, transport: TransportKind.ipc },
    { documentSelector: [{ language: "yaml" }, { language: "dockercompose" }, { pattern: "*.y(a)ml" }] },
  );
  await client.start();
  await client.sendNotification("json/schemaAssociations", schemas());
  context.subscriptions.push(new vscode.Disposable(() => void client.stop()));
}
