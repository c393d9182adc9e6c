import { type Connection, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { isJobName } from "../protocol/job-name";
import { SpecDocument } from "./spec-document";
import { SpecTree } from "./spec-tree";

interface Open {
  document: SpecDocument;
  tree: SpecTree;
}

/** The open documents, each read at most once per version, and of that only what was edited. */
export class SpecDocuments {
  readonly #texts = new TextDocuments(TextDocument);
  readonly #parsed = new Map<string, Open>();

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

  /** The open specs as they are now. */
  specs(): SpecDocument[] {
    return this.all().flatMap(({ uri }) => this.get(uri) ?? []);
  }

  /** The job file as it is now, or undefined when none of that address is open. */
  job(uri: string): SpecDocument | undefined {
    const text = this.#texts.get(uri);
    // Small and seldom edited: read anew each time.
    return text !== undefined && isJob(text) ? new SpecDocument(uri, text.version, text.getText()) : undefined;
  }

  /** The spec as it is now, or undefined when none of that address is open. */
  get(uri: string): SpecDocument | undefined {
    const text = this.#texts.get(uri);
    if (text === undefined || isJob(text)) {
      return undefined;
    }
    const known = this.#parsed.get(uri);
    if (known !== undefined && known.document.version === text.version) {
      return known.document;
    }
    const content = text.getText();
    const tree = known?.tree ?? new SpecTree(content);
    if (known !== undefined) {
      tree.update(content);
    }
    const document = new SpecDocument(text.uri, text.version, content, { lines: text, tree });
    this.#parsed.set(uri, { document, tree });
    return document;
  }
}

function isJob({ uri, languageId }: TextDocument): boolean {
  return languageId === "zlayer-job" || isJobName(uri.slice(uri.lastIndexOf("/") + 1));
}
