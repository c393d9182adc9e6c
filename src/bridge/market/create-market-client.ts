import { join } from "node:path";
import type { Address, PublicClient } from "viem";
import { connect, rpcHost } from "./chain";
import { ottAbi } from "./contracts";
import { toMarketError } from "./errors";
import { MemoryStore } from "./ledger/memory-store";
import { StoreFile } from "./ledger/store-file";
import type { Balances, MarketClient } from "./market-client";
import type { MarketNetwork } from "./network";
import { readParameters } from "./parameters";
import { verifyContracts } from "./prepare";
import type { MarketParameters } from "./types";
import { Synchronizer } from "./watch/synchronizer";
import { Watcher } from "./watch/watcher";

export interface MarketClientOptions {
  readonly network: MarketNetwork;
  /** Directory in which the store keeps its file; undefined for none. */
  readonly directory?: string;
  /** Told what goes wrong with the file. */
  readonly log?: (message: string) => void;
  /** Whether the content of a spec is pinned; asked before a job is posted. */
  readonly isPinned?: (cid: string) => Promise<boolean>;
  /** Instead of a connection to the network's RPC. */
  readonly chain?: PublicClient;
}

/** A client of one market. Nothing is asked or read until it is used. */
export function createMarketClient(options: MarketClientOptions): MarketClient {
  const { network, directory, log = () => {}, isPinned } = options;
  const chain = options.chain ?? connect(network);
  const store = new MemoryStore();
  const path =
    directory === undefined ? undefined : join(directory, `${network.chainId}-${network.addresses.market}.market`);
  const file = path === undefined ? undefined : new StoreFile(path, network, store, log);
  const watcher = new Watcher(network, chain, new Synchronizer(network, chain, store, file));
  let parameters: Promise<MarketParameters> | undefined;
  let opening: Promise<void> | undefined;
  return {
    network,
    chain,
    store,
    isPinned,
    get status() {
      return watcher.status;
    },
    onStatus: (listener) => watcher.onStatus(listener),
    start: () => {
      opening ??= (file?.open() ?? Promise.resolve()).then(() => watcher.start());
    },
    parameters: () => {
      parameters ??= readParameters(network, chain).catch((error: unknown) => {
        parameters = undefined;
        throw error;
      });
      return parameters;
    },
    balances: (account) => balancesOf(network, chain, account),
    dispose: async () => {
      await opening;
      await watcher.stop();
      await file?.close();
    },
  };
}

async function balancesOf(network: MarketNetwork, chain: PublicClient, account: Address): Promise<Balances> {
  const { token, market, registry, distribution } = network.addresses;
  const read = { abi: ottAbi, address: token } as const;
  const allowance = (spender: Address): Promise<bigint> =>
    chain.readContract({ ...read, functionName: "allowance", args: [account, spender] });
  try {
    await verifyContracts(network, chain);
    const [native, ott, ofMarket, ofRegistry, ofDistribution] = await Promise.all([
      chain.getBalance({ address: account }),
      chain.readContract({ ...read, functionName: "balanceOf", args: [account] }),
      allowance(market),
      allowance(registry),
      allowance(distribution),
    ]);
    return { native, ott, allowances: { market: ofMarket, registry: ofRegistry, distribution: ofDistribution } };
  } catch (error) {
    throw toMarketError(error, rpcHost(network), network.currency);
  }
}
