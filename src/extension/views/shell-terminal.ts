import { EventEmitter, type Pseudoterminal, type Terminal, type TerminalDimensions, ThemeIcon, window } from "vscode";
import type { ZLayerClient } from "../../bridge/sidecar/client";
import type { Tty, TtyEvents } from "../../bridge/sidecar/tty";

/** Opens a terminal with a shell in a container. @param name what the terminal is called: "web/0" */
export function openShell(client: ZLayerClient, containerId: string, name: string): Terminal {
  const terminal = window.createTerminal({
    name,
    iconPath: new ThemeIcon("vm"),
    pty: new ContainerTerminal(client, containerId),
  });
  terminal.show();
  return terminal;
}

class ContainerTerminal implements Pseudoterminal {
  readonly #client: ZLayerClient;
  readonly #containerId: string;
  readonly #output = new EventEmitter<string>();
  readonly #closed = new EventEmitter<number>();
  readonly #decoder = new TextDecoder();
  #tty: Tty | undefined;
  #size: TerminalDimensions | undefined;
  /** What was typed before the shell was there. */
  #typed = "";
  #ended = false;

  readonly onDidWrite = this.#output.event;
  readonly onDidClose = this.#closed.event;

  constructor(client: ZLayerClient, containerId: string) {
    this.#client = client;
    this.#containerId = containerId;
  }

  open(size: TerminalDimensions | undefined): void {
    this.#size = size;
    void this.#start();
  }

  setDimensions(size: TerminalDimensions): void {
    this.#size = size;
    this.#tty?.resize(size.columns, size.rows);
  }

  handleInput(data: string): void {
    if (this.#ended) {
      this.#closed.fire(0);
    } else if (this.#tty === undefined) {
      this.#typed += data;
    } else {
      this.#tty.write(data);
    }
  }

  close(): void {
    this.#ended = true;
    this.#tty?.close();
    this.#output.dispose();
    this.#closed.dispose();
  }

  async #start(): Promise<void> {
    const size = this.#size;
    try {
      const events: TtyEvents = {
        onData: (bytes) => this.#output.fire(this.#decoder.decode(bytes, { stream: true })),
        onExit: (code) => this.#end(`The shell ended with exit code ${code}.`, code === 0),
        onLost: (error) => this.#end(error.message, false),
      };
      const tty = await this.#client.tty(this.#containerId, events, {
        ...(size && { cols: size.columns, rows: size.rows }),
      });
      if (this.#ended) {
        tty.close();
        return;
      }
      this.#tty = tty;
      // The window may have been resized while the connection was made.
      if (this.#size !== undefined) {
        tty.resize(this.#size.columns, this.#size.rows);
      }
      if (this.#typed !== "") {
        tty.write(this.#typed);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error), false);
    }
  }

  /** A shell that ended well closes its terminal; after another end, the terminal stays to be read. */
  #end(message: string, close: boolean): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    if (close) {
      this.#closed.fire(0);
      return;
    }
    this.#output.fire(
      `\r\n\x1b[31m${message.replace(/\n/g, "\r\n")}\x1b[0m\r\nPress any key to close this terminal.\r\n`,
    );
  }
}
