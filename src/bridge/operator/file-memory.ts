import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Memory } from "../market-desk/receipt-book";
import { errorCode, isRecord } from "../sidecar/api-error";

/** Values that survive a crash, in one small file of this process alone. */
export class FileMemory implements Memory {
  readonly #path: string;
  readonly #values: Map<string, unknown>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, values: Map<string, unknown>) {
    this.#path = path;
    this.#values = values;
  }

  /** @throws {Error} when the file is there and cannot be read: what it holds is money, so it is not replaced by nothing */
  static async open(path: string): Promise<FileMemory> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") {
        return "{}";
      }
      throw error;
    });
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new Error(`${path} is not what was written there. Restore it, or move it away to begin anew.`, { cause });
    }
    return new FileMemory(path, new Map(isRecord(value) ? Object.entries(value) : []));
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  /** Resolves when the value is on disk. */
  update(key: string, value: unknown): Promise<void> {
    this.#values.set(key, value);
    const write = async (): Promise<void> => {
      const temporary = `${this.#path}.tmp`;
      const file = await open(temporary, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(Object.fromEntries(this.#values)));
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    };
    const written = this.#writing.then(write, write);
    this.#writing = written.catch(() => {});
    return written;
  }
}
