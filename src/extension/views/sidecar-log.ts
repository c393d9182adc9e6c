import { type FSWatcher, watch } from "node:fs";
import { open } from "node:fs/promises";
import { type Disposable, type OutputChannel, window } from "vscode";

/** What is shown of a long file at first, in bytes. */
const TAIL = 256 * 1024;

/** The sidecar's log file in an output channel, followed while it grows. */
export class SidecarLog implements Disposable {
  readonly #file: string;
  readonly #channel: OutputChannel = window.createOutputChannel("ZLayer Sidecar", "log");
  readonly #watcher: FSWatcher;
  #position = -1;
  #reading: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
    this.#watcher = watch(file, () => this.#readOn());
    this.#watcher.on("error", () => {});
    this.#readOn();
  }

  show(): void {
    this.#readOn();
    this.#channel.show(true);
  }

  dispose(): void {
    this.#watcher.close();
    this.#channel.dispose();
  }

  /** One read after the other, each from where the last one ended. */
  #readOn(): void {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => undefined);
  }

  async #read(): Promise<void> {
    const file = await open(this.#file, "r");
    try {
      const { size } = await file.stat();
      if (this.#position < 0 || size < this.#position) {
        this.#position = Math.max(0, size - TAIL);
      }
      const buffer = Buffer.alloc(Math.min(size - this.#position, TAIL));
      const { bytesRead } = await file.read(buffer, 0, buffer.byteLength, this.#position);
      this.#position += bytesRead;
      this.#channel.append(buffer.toString("utf8", 0, bytesRead).replace(COLORS, ""));
    } finally {
      await file.close();
    }
  }
}

// Output channels show escape sequences as they are.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const COLORS = /\u001b\[[0-9;]*m/g;
