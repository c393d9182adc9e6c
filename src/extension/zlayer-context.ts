import { type Disposable, type ExtensionContext, type LogOutputChannel, window } from "vscode";
import { DeployDiagnostics } from "./deploy-diagnostics";
import { EngineHost } from "./engine-host";
import { MarketHost } from "./market-host";
import { Panels } from "./panel-opener";
import { SpecFiles } from "./spec-files";
import { ContextKeys } from "./views/context-keys";
import { DeploymentsTree } from "./views/deployments-tree";
import { ImagesTree } from "./views/images-tree";
import { MarketTree } from "./views/market-tree";
import type { SidecarLog } from "./views/sidecar-log";
import { StatusBar } from "./views/status-bar";
import { WalletStatus } from "./views/wallet-status";
import { WalletHost } from "./wallet-host";

/** Everything that lives as long as the extension is active in this window. Disposing it ends all of that. */
export class ZLayerContext implements Disposable {
  readonly log: LogOutputChannel;
  readonly host: EngineHost;
  readonly diagnostics: DeployDiagnostics;
  readonly specFiles: SpecFiles;
  readonly wallet: WalletHost;
  readonly market: MarketHost;
  readonly panels: Panels;
  readonly deploymentsTree: DeploymentsTree;
  readonly imagesTree: ImagesTree;
  /** Made when it is first shown. */
  sidecarLog: SidecarLog | undefined;
  readonly #disposables: Disposable[] = [];

  constructor(readonly extension: ExtensionContext) {
    this.log = this.own(window.createOutputChannel("ZLayer", { log: true }));
    this.host = this.own(new EngineHost(extension, this.log));
    this.diagnostics = this.own(new DeployDiagnostics());
    this.specFiles = new SpecFiles(extension.workspaceState);
    this.wallet = this.own(new WalletHost(extension, this.log));
    this.market = this.own(new MarketHost(extension, this.wallet, this.log));
    this.panels = this.own(new Panels(extension, this.host, this.wallet, this.market, this.log));
    this.own(new ContextKeys(this.host));
    this.own(new StatusBar(this.host));
    this.own(new WalletStatus(this.wallet));
    this.deploymentsTree = this.own(new DeploymentsTree(this.host));
    this.imagesTree = this.own(new ImagesTree(this.host));
    this.own(new MarketTree(this.market, this.wallet));
  }

  /** Disposes of `part` together with this. */
  own<T extends Disposable>(part: T): T {
    this.#disposables.push(part);
    return part;
  }

  dispose(): void {
    for (const disposable of this.#disposables.reverse()) {
      disposable.dispose();
    }
  }
}
