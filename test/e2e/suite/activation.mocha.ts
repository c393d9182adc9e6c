import { deepEqual, ok } from "node:assert/strict";
import { commands, extensions, window, workspace } from "vscode";

interface Manifest {
  readonly contributes?: { readonly commands?: readonly { readonly command: string }[] };
}

suite("activation", () => {
  test("the extension activates in the extension host", async () => {
    const extension = extensions.getExtension("zlayer.zlayer");
    ok(extension, "the extension is not installed");
    await extension.activate();
    ok(extension.isActive);
  });

  test("every command of the manifest is registered", async () => {
    const manifest = extensions.getExtension("zlayer.zlayer")?.packageJSON as Manifest;
    const contributed = (manifest.contributes?.commands ?? []).map(({ command }) => command);
    const registered = new Set(await commands.getCommands(true));
    deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    );
  });

  test("the sample opens as a document", async () => {
    const [file] = await workspace.findFiles("hello.zlayer.yml");
    ok(file, "the workspace has no hello.zlayer.yml");
    const editor = await window.showTextDocument(file);
    ok(editor.document.getText().includes("deployment: hello"));
  });
});
