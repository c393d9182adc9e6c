import { type Address, type ContractEventName, decodeEventLog, type GetEventArgs, type Hash, type Log } from "viem";
import { computeMarketAbi, contractAt, nodeRegistryAbi, rewardDistributionAbi } from "../contracts";
import { lie } from "../errors";
import type { MarketAddresses } from "../network";

/** All events that tell of jobs and nodes. The token's are not needed. */
const LEDGER_ABI = [...nodeRegistryAbi, ...computeMarketAbi, ...rewardDistributionAbi] as const;

type LedgerAbi = typeof LEDGER_ABI;
type Decoded = {
  [Name in ContractEventName<LedgerAbi>]: {
    readonly eventName: Name;
    readonly args: GetEventArgs<LedgerAbi, Name, { EnableUnion: false; IndexedOnly: false; Required: true }>;
  };
}[ContractEventName<LedgerAbi>];

/** An event of one of the contracts, and where it is in the chain. */
export type MarketEvent = Decoded & {
  readonly block: bigint;
  readonly blockHash: Hash;
  /** Position in its block. */
  readonly index: number;
  readonly transaction: Hash;
  /** Seconds since 1970. */
  readonly at: number;
};

/** A log as the RPC gave it, with the time of its block. */
export interface TimedLog {
  readonly log: Log<bigint, number, false>;
  readonly at: number;
}

/** The contracts whose events are read. */
export function ledgerContracts({ registry, market, distribution }: MarketAddresses): Address[] {
  return [registry, market, distribution];
}

/**
 * Decodes a log of the contracts.
 *
 * @throws {MarketError} `rpc-lied`: the log is of another contract, or of none of its events
 */
export function decodeLog({ log, at }: TimedLog, addresses: MarketAddresses): MarketEvent {
  const contract = contractAt(addresses, log.address);
  const where = `log ${log.logIndex} of block ${log.blockNumber}`;
  if (contract === undefined || contract === "token") {
    throw lie(`${where} is of the contract ${log.address}, which nobody asked for`);
  }
  const abi = { registry: nodeRegistryAbi, market: computeMarketAbi, distribution: rewardDistributionAbi }[contract];
  try {
    const decoded = decodeEventLog({ abi, data: log.data, topics: log.topics, strict: true });
    return {
      // The three ABIs are parts of the one that the type is made of.
      ...(decoded as Decoded),
      block: log.blockNumber,
      blockHash: log.blockHash,
      index: log.logIndex,
      transaction: log.transactionHash,
      at,
    };
  } catch (error) {
    throw lie(`${where} is no event of the contract ${log.address} (${error instanceof Error ? error.name : error})`);
  }
}
