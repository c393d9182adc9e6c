// For tests: the server as a process, spoken to in raw JSON-RPC.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { Diagnostic, Position, TextEdit } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { SpecValidator } from "./spec-validator";

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

interface Published {
  uri: string;
  version?: number;
  diagnostics: Diagnostic[];
}

/** The validator as it is built from its sources. */
export async function builtValidator(): Promise<SpecValidator> {
  const directory = await mkdtemp(join(tmpdir(), "zlayer-validator-"));
  try {
    const wasm = join(directory, "spec.wasm");
    await promisify(execFile)(process.execPath, [resolve("scripts/build-wasm.mjs"), wasm]);
    const validator = new SpecValidator(wasm);
    await validator.ready();
    return validator;
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A running server and the documents that are open in it. */
export class TestServer {
  readonly #process: ChildProcess;
  readonly #directory: string;
  #input = Buffer.alloc(0);
  #nextId = 1;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #published = new Map<string, Published>();
  #onPublished: (() => void)[] = [];
  readonly #versions = new Map<string, number>();
  capabilities: Record<string, unknown> = {};
  /** What the server is told when it asks for a setting. */
  configuration: unknown = null;
  /** What the server is answered when it asks something else, by method. */
  readonly answers = new Map<string, (params: unknown) => unknown>();

  private constructor(child: ChildProcess, directory: string) {
    this.#process = child;
    this.#directory = directory;
    child.stdout?.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  /** Bundles the server as the build does, starts it and initialises it. */
  static async start(
    options: { node?: string[]; initializationOptions?: unknown; workspace?: Record<string, unknown> } = {},
  ): Promise<TestServer> {
    const directory = await mkdtemp(join(tmpdir(), "zlayer-language-"));
    const out = join(directory, "dist", "language");
    await Promise.all([
      build({
        entryPoints: [resolve("src/language/server.ts")],
        bundle: true,
        platform: "node",
        format: "cjs",
        target: "node20",
        outfile: join(out, "server.js"),
        logLevel: "error",
      }),
      promisify(execFile)(process.execPath, [resolve("scripts/build-wasm.mjs"), join(out, "spec.wasm")]),
    ]);
    const child = spawn(process.execPath, [...(options.node ?? []), join(out, "server.js"), "--stdio"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const server = new TestServer(child, directory);
    const answer = (await server.request("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities: { workspace: { configuration: true, ...options.workspace } },
      initializationOptions: options.initializationOptions,
    })) as { capabilities: Record<string, unknown> };
    server.capabilities = answer.capabilities;
    server.notify("initialized", {});
    return server;
  }

  async stop(): Promise<void> {
    await this.request("shutdown", undefined);
    const ended = new Promise((done) => this.#process.once("exit", done));
    this.notify("exit", undefined);
    await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async request(method: string, params: unknown): Promise<unknown> {
    const id = this.#nextId++;
    const answer = new Promise<Message>((done) => this.#waiting.set(id, done));
    this.#send({ id, method, params });
    const { result, error } = await answer;
    if (error !== undefined) {
      throw new Error(`${method}: ${error.message}`);
    }
    return result;
  }

  notify(method: string, params: unknown): void {
    this.#send({ method, params });
  }

  /** Opens a document and waits for its diagnostics. */
  async open(text: string, uri = `file:///${this.#versions.size}.zlayer.yml`): Promise<OpenDocument> {
    this.#versions.set(uri, 1);
    this.notify("textDocument/didOpen", { textDocument: { uri, languageId: "zlayer", version: 1, text } });
    const diagnostics = await this.diagnostics(uri, 1);
    return new OpenDocument(this, uri, text, diagnostics);
  }

  /** The diagnostics of that version of a document. */
  async diagnostics(uri: string, version: number): Promise<Diagnostic[]> {
    for (;;) {
      const published = this.#published.get(uri);
      if (published?.version === version) {
        return published.diagnostics;
      }
      await new Promise<void>((done) => this.#onPublished.push(done));
    }
  }

  /** What is published of a document next, whatever its version. */
  async nextDiagnostics(uri: string): Promise<Diagnostic[]> {
    const before = this.#published.get(uri);
    for (;;) {
      await new Promise<void>((done) => this.#onPublished.push(done));
      const published = this.#published.get(uri);
      if (published !== undefined && published !== before) {
        return published.diagnostics;
      }
    }
  }

  #send(message: Message): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#process.stdin?.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#process.stdin?.write(body);
  }

  #receive(chunk: Buffer): void {
    this.#input = Buffer.concat([this.#input, chunk]);
    for (;;) {
      const head = this.#input.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/i.exec(this.#input.toString("latin1", 0, Math.max(head, 0)))?.[1]);
      if (head < 0 || this.#input.length < head + 4 + length) {
        return;
      }
      const message = JSON.parse(this.#input.toString("utf8", head + 4, head + 4 + length)) as Message;
      this.#input = this.#input.subarray(head + 4 + length);
      this.#handle(message);
    }
  }

  #handle(message: Message): void {
    if (message.method === "textDocument/publishDiagnostics") {
      const published = message.params as Published;
      this.#published.set(published.uri, published);
      const waiting = this.#onPublished;
      this.#onPublished = [];
      for (const done of waiting) {
        done();
      }
    } else if (message.method !== undefined && message.id !== undefined) {
      const { id, method, params } = message;
      const answer = method === "workspace/configuration" ? [this.configuration] : this.answers.get(method)?.(params);
      void Promise.resolve(answer ?? null).then((result) => this.#send({ id, result }));
    } else if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }
}

/** One document that is open in a server. */
export class OpenDocument {
  readonly #server: TestServer;
  readonly uri: string;
  text: string;
  version = 1;
  diagnostics: Diagnostic[];

  constructor(server: TestServer, uri: string, text: string, diagnostics: Diagnostic[]) {
    this.#server = server;
    this.uri = uri;
    this.text = text;
    this.diagnostics = diagnostics;
  }

  /** Sends a request about this document. */
  async request(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    return await this.#server.request(method, { textDocument: { uri: this.uri }, ...params });
  }

  /** Replaces a part of the text, as an edit of a user does, and waits for the diagnostics. */
  async edit(offset: number, length: number, text: string): Promise<Diagnostic[]> {
    const before = TextDocument.create(this.uri, "zlayer", this.version, this.text);
    const range = { start: before.positionAt(offset), end: before.positionAt(offset + length) };
    this.version += 1;
    this.text = this.text.slice(0, offset) + text + this.text.slice(offset + length);
    this.#server.notify("textDocument/didChange", {
      textDocument: { uri: this.uri, version: this.version },
      contentChanges: [{ range, text }],
    });
    this.diagnostics = await this.#server.diagnostics(this.uri, this.version);
    return this.diagnostics;
  }

  /** The diagnostics as `line:column code`, 1-based. */
  get summary(): string[] {
    return this.diagnostics.map(
      ({ range, code }) => `${range.start.line + 1}:${range.start.character + 1} ${String(code)}`,
    );
  }

  /** The position after the nth occurrence of a text, or at `|` within it. */
  position(marked: string): Position {
    const text = marked.replace("|", "");
    const at = this.text.indexOf(text);
    if (at < 0) {
      throw new Error(`the document does not hold ${JSON.stringify(text)}`);
    }
    const within = marked.includes("|") ? marked.indexOf("|") : text.length;
    return TextDocument.create(this.uri, "zlayer", 1, this.text).positionAt(at + within);
  }

  /** The text with edits applied; the document itself stays. */
  applied(edits: TextEdit[]): string {
    return TextDocument.applyEdits(TextDocument.create(this.uri, "zlayer", 1, this.text), edits);
  }
}
