import { isDeepStrictEqual } from "node:util";
import { type Disposable, EventEmitter, type ExtensionContext, type LogOutputChannel, workspace } from "vscode";
import { findBinary, requireLinux, requireVersion } from "../bridge/sidecar/binary";
import { parseEndpoint } from "../bridge/sidecar/endpoint";
import { type Connected, Engine, type EngineSource, type EngineStatus } from "../bridge/sidecar/engine";
import { placesOf } from "../bridge/sidecar/places";
import type { StateChange } from "../bridge/sidecar/state";
import { SidecarSupervisor } from "../bridge/sidecar/supervisor";
import type { DeploymentState } from "../bridge/sidecar/types";
import { changesEngine, type EngineSettings, engineSettings } from "./settings";

/** Key of the access token in the window's secret storage. */
const TOKEN_KEY = "zlayer.token";

/** A window in an untrusted workspace asked for an engine. */
export class Untrusted extends Error {
  override readonly name = "Untrusted";

  constructor() {
    super("This workspace is not trusted, so ZLayer starts nothing and connects to nothing here.");
  }
}

/** What the window knows about its engine. */
export type HostStatus = EngineStatus | { readonly kind: "untrusted" };

/**
 * The engine of this window, whichever the settings name. Views listen here once and stay, while the engine behind it is
 * replaced when a setting, the token or the workspace's trust changes.
 */
export class EngineHost implements Disposable {
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #statusEmitter = new EventEmitter<HostStatus>();
  readonly #changeEmitter = new EventEmitter<StateChange>();
  readonly #disposables: Disposable[] = [];
  #engine: Engine | undefined;
  #source: EngineSource | undefined;
  #broken: Error | undefined;
  /** What the engine was made from. */
  #settings: EngineSettings | undefined;
  #known: ReadonlyMap<string, DeploymentState> = new Map();
  #building = 0;

  readonly onDidChangeStatus = this.#statusEmitter.event;
  /** Changes of the observed deployments and images. */
  readonly onDidChangeState = this.#changeEmitter.event;

  constructor(context: ExtensionContext, log: LogOutputChannel) {
    this.#context = context;
    this.#log = log;
    this.#disposables.push(
      this.#statusEmitter,
      this.#changeEmitter,
      workspace.onDidChangeConfiguration((event) => {
        // A setting may change where another scope overrides it. What does not concern the engine in use must not end its connection.
        if (changesEngine(event) && !isDeepStrictEqual(this.#settings, engineSettings())) {
          void this.rebuild();
        }
      }),
      workspace.onDidGrantWorkspaceTrust(() => void this.rebuild()),
      context.secrets.onDidChange((event) => {
        if (event.key === TOKEN_KEY) {
          void this.rebuild();
        }
      }),
    );
  }

  get status(): HostStatus {
    if (!workspace.isTrusted) {
      return { kind: "untrusted" };
    }
    if (this.#broken !== undefined) {
      return { kind: "failed", error: this.#broken };
    }
    return this.#engine?.status ?? { kind: "off" };
  }

  get deployments(): ReadonlyMap<string, DeploymentState> {
    return this.#engine?.state.deployments ?? new Map();
  }

  /** Whether the list of deployments is complete. */
  get synced(): boolean {
    return this.#engine?.state.synced ?? false;
  }

  /** The supervisor of the sidecar; `undefined` when the settings name a daemon, or are wrong. */
  get supervisor(): SidecarSupervisor | undefined {
    return this.#source?.kind === "sidecar" ? this.#source.supervisor : undefined;
  }

  /** Version that a sidecar must have. */
  get version(): string {
    return String((this.#context.extension.packageJSON as { version: unknown }).version);
  }

  /**
   * Resolves once connected; starts the sidecar when it has to.
   *
   * @throws Untrusted, and as `Engine.connect`
   */
  async connect(signal?: AbortSignal): Promise<Connected> {
    if (!workspace.isTrusted) {
      throw new Untrusted();
    }
    if (this.#engine === undefined) {
      await this.rebuild(false);
    }
    if (this.#broken !== undefined || this.#engine === undefined) {
      throw this.#broken ?? new Error("The engine is not set up.");
    }
    return this.#engine.connect(signal);
  }

  /**
   * Resolves once connected and the list of deployments is complete.
   *
   * @throws as `connect`
   */
  async connectAndList(): Promise<Connected> {
    const connected = await this.connect();
    if (!this.synced) {
      await new Promise<void>((resolve) => {
        const listeners = [
          this.onDidChangeState((change) => change.kind === "synced" && done()),
          this.onDidChangeStatus((status) => status.kind !== "connected" && done()),
        ];
        const done = (): void => {
          for (const listener of listeners) {
            listener.dispose();
          }
          resolve();
        };
      });
    }
    return connected;
  }

  /** Makes the engine anew from the settings, and connects when one answers already. */
  async rebuild(attach = true): Promise<void> {
    const building = ++this.#building;
    this.#engine?.dispose();
    this.#engine = undefined;
    this.#source = undefined;
    this.#broken = undefined;
    this.#forgetDeployments();
    if (workspace.isTrusted) {
      try {
        const settings = engineSettings();
        this.#settings = settings;
        const token = settings.endpoint === "" ? undefined : await this.#token();
        if (building !== this.#building) {
          return;
        }
        this.#source = this.#makeSource(settings, token);
        this.#engine = this.#listen(new Engine(this.#source, (line) => this.#log.info(line)));
      } catch (error) {
        this.#broken = error instanceof Error ? error : new Error(String(error));
      }
    }
    this.#statusEmitter.fire(this.status);
    if (attach) {
      await this.#engine?.attach();
    }
  }

  async setToken(token: string | undefined): Promise<void> {
    await (token === undefined
      ? this.#context.secrets.delete(TOKEN_KEY)
      : this.#context.secrets.store(TOKEN_KEY, token));
  }

  dispose(): void {
    this.#engine?.dispose();
    for (const disposable of this.#disposables) {
      disposable.dispose();
    }
  }

  /**
   * The access token. Many a Linux without a keyring has no secret storage that works; a daemon that wants a token says so itself
   * when it gets none.
   */
  async #token(): Promise<string | undefined> {
    try {
      return await this.#context.secrets.get(TOKEN_KEY);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.warn(
        `The access token cannot be read from the editor's secret storage (${reason}); going on without it.`,
      );
      return undefined;
    }
  }

  #makeSource(settings: EngineSettings, token: string | undefined): EngineSource {
    if (settings.endpoint !== "") {
      this.#log.info(`The engine is the daemon at ${settings.endpoint}.`);
      return { kind: "daemon", endpoint: parseEndpoint(settings.endpoint, token) };
    }
    requireLinux();
    const places = placesOf({ dataDir: settings.dataDir, socket: settings.socket });
    this.#log.info(`The engine is the sidecar at ${places.socket}.`);
    const supervisor = new SidecarSupervisor({
      places,
      log: (line) => this.#log.info(line),
      binary: async () => {
        const binary = await findBinary({
          setting: settings.sidecarPath,
          extensionDir: this.#context.extensionPath,
        });
        await requireVersion(binary, this.version);
        return binary;
      },
    });
    return { kind: "sidecar", supervisor };
  }

  #listen(engine: Engine): Engine {
    engine.onStatus((status) => this.#statusEmitter.fire(status));
    engine.state.onChange((change) => {
      this.#known = new Map(engine.state.deployments);
      this.#changeEmitter.fire(change);
    });
    return engine;
  }

  #forgetDeployments(): void {
    const gone = this.#known;
    this.#known = new Map();
    for (const [name, before] of gone) {
      this.#changeEmitter.fire({ kind: "deployment", name, before });
    }
    this.#changeEmitter.fire({ kind: "images" });
  }
}
