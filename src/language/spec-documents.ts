import { type Connection, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { SpecDocument } from "./spec-document";

/** The open documents, each parsed at most once per version. */
export class SpecDocuments {
  readonly #texts = new TextDocuments(TextDocument);
  readonly #parsed = new Map<string, SpecDocument>();

  constructor() {
    this.#texts.onDidClose(({ document }) => this.#parsed.delete(document.uri));
  }

  listen(connection: Connection): void {
    this.#texts.listen(connection);
  }

  /** Called with the address of a document that was opened or edited. */
  onDidChange(listener: (uri: string) => void): void {
    this.#texts.onDidChangeContent(({ document }) => listener(document.uri));
  }

  onDidClose(listener: (uri: string) => void): void {
    this.#texts.onDidClose(({ document }) => listener(document.uri));
  }

  text(uri: string): TextDocument | undefined {
    return this.#texts.get(uri);
  }

  all(): TextDocument[] {
    return this.#texts.all();
  }

  /** The document as it is now, or undefined when it is not open. */
  get(uri: string): SpecDocument | undefined {
    const text = this.#texts.get(uri);
    if (text === undefined) {
      return undefined;
    }
    const known = this.#parsed.get(uri);
    if (known !== undefined && known.version === text.version) {
      return known;
    }
    const parsed = new SpecDocument(text.uri, text.version, text.getText());
    this.#parsed.set(uri, parsed);
    return parsed;
  }
}
