// One LSP client for every server that is measured: over stdio, as an editor speaks.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";

/** Clock ticks a second: fixed by Linux's interface. */
const TICKS = 100;

/** A language server as a process. Times are in ms, memory in MB. */
export class LanguageServer {
  /**
   * Starts it and waits until it has answered `initialize`; `readyMs` says how long that took.
   *
   * @param {{ args: string[], settings: Record<string, unknown> }} server what Node runs, and settings by section
   * @returns {Promise<LanguageServer>}
   */
  static async start(server) {
    const start = performance.now();
    const child = spawn(process.execPath, server.args, { stdio: ["pipe", "pipe", "ignore"] });
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    const started = new LanguageServer();
    started.child = child;
    started.connection = connection;
    started.published = new Map();
    started.documents = 0;
    connection.onNotification("textDocument/publishDiagnostics", ({ uri, diagnostics }) => {
      started.published.get(uri)?.(diagnostics);
    });
    connection.onRequest("workspace/configuration", ({ items }) =>
      items.map(({ section }) => server.settings[section] ?? null),
    );
    connection.onRequest("client/registerCapability", () => null);
    connection.listen();
    await connection.sendRequest("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
        textDocument: {
          publishDiagnostics: { versionSupport: true },
          completion: { completionItem: { snippetSupport: true, documentationFormat: ["markdown"] } },
        },
      },
    });
    started.readyMs = performance.now() - start;
    await connection.sendNotification("initialized", {});
    await connection.sendNotification("workspace/didChangeConfiguration", { settings: server.settings });
    return started;
  }

  async stop() {
    await this.connection.sendRequest("shutdown");
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.connection.sendNotification("exit");
    await ended;
    this.connection.dispose();
  }

  /** Opens a document and waits for its diagnostics. @param {string} text */
  async open(text) {
    const document = new OpenDocument(this, `file:///bench/${this.documents++}.zlayer.yml`, text);
    const published = document.nextDiagnostics();
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: document.uri, languageId: "yaml", version: 1, text },
    });
    await published;
    return document;
  }

  /** Resident memory now. */
  async memory() {
    const status = await readFile(`/proc/${this.child.pid}/status`, "utf8");
    return (Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) * 1024) / 1e6;
  }

  /** Processor time of all its threads so far. */
  async processor() {
    const fields = (await readFile(`/proc/${this.child.pid}/stat`, "utf8")).split(") ")[1].split(" ");
    return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1000;
  }
}

class OpenDocument {
  constructor(server, uri, text) {
    this.server = server;
    this.uri = uri;
    this.mirror = TextDocument.create(uri, "yaml", 1, text);
  }

  get text() {
    return this.mirror.getText();
  }

  /** The diagnostics that are published next, and when. */
  nextDiagnostics() {
    return new Promise((resolve) => {
      this.server.published.set(this.uri, (diagnostics) => {
        this.server.published.delete(this.uri);
        resolve({ diagnostics, at: performance.now() });
      });
    });
  }

  /**
   * Replaces a part of the text and asks at once what could stand at its end. Both answers are awaited.
   *
   * @param {{ at: number, length: number, text: string }} edit offsets in UTF-16 units
   * @returns {Promise<{ diagnosticsMs: number, completionMs: number, diagnostics: unknown[], items: number }>}
   */
  async type(edit) {
    const range = { start: this.mirror.positionAt(edit.at), end: this.mirror.positionAt(edit.at + edit.length) };
    const version = this.mirror.version + 1;
    const contentChanges = [{ range, text: edit.text }];
    this.mirror = TextDocument.update(this.mirror, contentChanges, version);
    const position = this.mirror.positionAt(edit.at + edit.text.length);
    const published = this.nextDiagnostics();
    const start = performance.now();
    await this.server.connection.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri, version },
      contentChanges,
    });
    const answer = await this.server.connection.sendRequest("textDocument/completion", {
      textDocument: { uri: this.uri },
      position,
    });
    const completionMs = performance.now() - start;
    const { diagnostics, at } = await published;
    return { diagnosticsMs: at - start, completionMs, diagnostics, items: (answer?.items ?? answer ?? []).length };
  }
}

/** Lets a server finish what it does after its answers. */
export async function settle() {
  await sleep(1000);
}
