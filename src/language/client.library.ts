// What the editor's side needs of the library, as a module of its own: it is loaded when the first spec is open, as one file.
export { LanguageClient, TransportKind } from "vscode-languageclient/node";
