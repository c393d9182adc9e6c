import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import { createMarketClient } from "../bridge/market/create-market-client";
import type { MarketClient } from "../bridge/market/market-client";
import { FaultProxy } from "../bridge/market/testing/fault-proxy";
import { useMarket } from "../bridge/market/testing/market";
import { MemorySecrets } from "../bridge/wallet/secret-store";
import { MarketHost } from "./market-host";
import type { WalletHost } from "./wallet-host";

const editor = vi.hoisted(() => ({ settings: new Map<string, unknown>() }));

vi.mock("vscode", async () => {
  const { Emitter } = await import("../bridge/emitter");
  class EventEmitter<T> extends Emitter<T> {
    readonly event = (listener: (value: T) => void) => ({ dispose: this.on(listener) });
    fire(value: T): void {
      this.emit(value);
    }
    dispose(): void {
      this.clear();
    }
  }
  return {
    EventEmitter,
    commands: {},
    env: {},
    window: {},
    workspace: {
      getConfiguration: (section: string) => ({
        get: (key: string, other: unknown) => editor.settings.get(`${section}.${key}`) ?? other,
      }),
      onDidChangeConfiguration: () => ({ dispose: () => {} }),
    },
  };
});

/** A wallet that is never connected. */
const noWallet = {
  load: async () => ({ wallet: { state: { kind: "disconnected" }, onChange: () => () => {} } }),
  refreshNetworks: async () => {},
} as unknown as WalletHost;

describe("MarketHost", { timeout: 60_000 }, () => {
  const market = useMarket();
  let storage: string;
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await FaultProxy.start(market().anvil);
    storage = await mkdtemp(join(tmpdir(), "zlayer-host-"));
    const { chainId, addresses } = market().network;
    editor.settings.set("zlayer.market.network", "test");
    editor.settings.set("zlayer.market.networks", { test: { chainId, rpcUrl: proxy.rpcUrl, block: 0, ...addresses } });
  });
  afterEach(async () => {
    editor.settings.clear();
    await proxy.stop();
    await rm(storage, { recursive: true });
  });

  function open(): MarketHost {
    const context = {
      secrets: new MemorySecrets(),
      globalState: { get: () => undefined, update: async () => {} },
      globalStorageUri: { fsPath: storage },
    } as unknown as ExtensionContext;
    const log = { warn: () => {}, info: () => {} } as unknown as LogOutputChannel;
    return new MarketHost(context, noWallet, log);
  }

  /** Waits until a client has seen a job. */
  function sees(client: MarketClient, jobId: bigint): Promise<void> {
    return new Promise((resolve) => {
      const stops: (() => void)[] = [];
      const check = (): void => {
        if (client.store.job(jobId) !== undefined && client.status.kind === "live") {
          for (const stop of stops) {
            stop();
          }
          resolve();
        }
      };
      stops.push(client.onStatus(check), client.store.subscribe(check));
      check();
    });
  }

  it("has on disk all that was read when its closing is over, so that the next window reads nothing again", async () => {
    const jobId = await market().post();
    const host = open();
    const { hub } = await host.load();
    const client = hub.client as MarketClient;
    expect(client.network.name).toBe("test");
    await sees(client, jobId);
    // The editor disposes of what was subscribed as well; both wait for the same end.
    const closing = host.close();
    host.dispose();
    expect(host.close()).toBe(closing);
    await closing;
    proxy.forget();
    const next = createMarketClient({ network: client.network, directory: join(storage, "market") });
    next.start();
    await sees(next, jobId);
    expect(proxy.count("eth_getLogs")).toBe(0);
    await next.dispose();
  });

  it("is closed at once when the market was never looked at", async () => {
    await open().close();
    expect(proxy.count("eth_chainId")).toBe(0);
  });
});
