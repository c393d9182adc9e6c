import { readFile } from "node:fs/promises";
import type { Range } from "vscode-languageserver/node";

/** A problem as the validator reports it: 1-based, columns in characters, the end exclusive. */
export interface SpecProblem {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  path: string;
  code: string;
  message: string;
}

export interface Checked {
  valid: boolean;
  problems: SpecProblem[];
  /** What the sidecar refuses of a valid spec. */
  unserved: SpecProblem[];
  /** The spec with all defaults filled in, when asked for. */
  spec?: unknown;
}

interface Module {
  memory: WebAssembly.Memory;
  spec_init(): void;
  spec_alloc(length: number): number;
  spec_free(pointer: number, length: number): void;
  spec_check(pointer: number, length: number, flags: number): number;
  spec_check_edited(document: number, pointer: number, length: number): number;
  spec_forget(document: number): void;
  spec_panic_ptr(): number;
  spec_panic_len(): number;
}

const WITH_SPEC = 1;

/** ZLayer's own validator, the crate that the engine links, as WebAssembly. */
export class SpecValidator {
  readonly #module: Promise<WebAssembly.Module>;
  #instance: Module | undefined;
  /** The numbers by which the instance knows documents that are being edited. */
  readonly #documents = new Map<string, number>();
  #lastDocument = 0;

  /** @param file the compiled module; it is read at once. */
  constructor(file: string) {
    this.#module = readFile(file).then((bytes) => WebAssembly.compile(bytes));
    // Whoever checks first is told.
    this.#module.catch(() => {});
  }

  /**
   * Waits until it is loaded. From then on a check takes no turn of the event loop, so a document cannot change meanwhile.
   *
   * @throws when the module cannot be loaded
   */
  async ready(): Promise<void> {
    this.#instance ??= await instantiate(await this.#module);
  }

  /** @throws when the module cannot be loaded, or broke down over this text; the next call starts afresh. */
  async check(text: string, options: { spec?: boolean } = {}): Promise<Checked> {
    await this.ready();
    const flags = options.spec === true ? WITH_SPEC : 0;
    return this.#call(text, (validator, input, length) => validator.spec_check(input, length, flags));
  }

  /**
   * Checks the next version of a document. The verdict is that of {@link check}; what did not change since the version before is not
   * read again. Warnings about services that the sidecar does not serve stay while other services are wrong.
   *
   * @throws as {@link check} does
   */
  async checkEdited(uri: string, text: string): Promise<Checked> {
    await this.ready();
    let document = this.#documents.get(uri);
    if (document === undefined) {
      this.#lastDocument += 1;
      document = this.#lastDocument;
      this.#documents.set(uri, document);
    }
    const number = document;
    return this.#call(text, (validator, input, length) => validator.spec_check_edited(number, input, length));
  }

  /** A document was closed. */
  forget(uri: string): void {
    const document = this.#documents.get(uri);
    if (document !== undefined) {
      this.#documents.delete(uri);
      this.#instance?.spec_forget(document);
    }
  }

  #call(text: string, check: (validator: Module, input: number, length: number) => number): Checked {
    const validator = this.#instance;
    if (validator === undefined) {
      throw new Error("The spec validator is not loaded.");
    }
    try {
      const bytes = Buffer.byteLength(text);
      const input = validator.spec_alloc(bytes) >>> 0;
      new TextEncoder().encodeInto(text, new Uint8Array(validator.memory.buffer, input, bytes));
      const output = check(validator, input, bytes) >>> 0;
      // Read after the call: memory may have grown, and its old buffer is gone then.
      const length = new DataView(validator.memory.buffer).getUint32(output, true);
      const json = new TextDecoder().decode(new Uint8Array(validator.memory.buffer, output + 4, length));
      validator.spec_free(input, bytes);
      validator.spec_free(output, length + 4);
      return JSON.parse(json) as Checked;
    } catch (error) {
      // A trapped instance is not used again.
      this.#instance = undefined;
      throw new Error(`The spec validator failed: ${panicMessage(validator) ?? String(error)}`, { cause: error });
    }
  }
}

async function instantiate(module: WebAssembly.Module): Promise<Module> {
  const instance = await WebAssembly.instantiate(module, {});
  const validator = instance.exports as unknown as Module;
  validator.spec_init();
  return validator;
}

function panicMessage(validator: Module): string | undefined {
  try {
    const length = validator.spec_panic_len();
    return length === 0
      ? undefined
      : new TextDecoder().decode(new Uint8Array(validator.memory.buffer, validator.spec_panic_ptr() >>> 0, length));
  } catch {
    return undefined;
  }
}

/** The range of a problem in LSP's terms, which count UTF-16 units. */
export function problemRange(problem: SpecProblem, line: (line: number) => string): Range {
  const position = (at: number, column: number) => ({ line: at - 1, character: utf16(line(at - 1), column - 1) });
  return { start: position(problem.line, problem.column), end: position(problem.endLine, problem.endColumn) };
}

function utf16(line: string, characters: number): number {
  let at = 0;
  for (let i = 0; i < characters && at < line.length; i++) {
    at += (line.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}
