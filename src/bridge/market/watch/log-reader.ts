import { type Hash, hexToBigInt, type Log, type PublicClient } from "viem";
import { rpcHost } from "../chain";
import { lie, MarketError, toMarketError } from "../errors";
import { ledgerContracts, type TimedLog } from "../ledger/events";
import type { MarketNetwork } from "../network";
import { readHead } from "./head";

/** Blocks in the first page; a provider that allows less makes it smaller. */
const FIRST_PAGE = 5_000n;
const LARGEST_PAGE = 100_000n;

type ChainLog = Log<bigint, number, false>;

/** Reads the contracts' logs and refuses what cannot be true. */
export class LogReader {
  readonly #network: MarketNetwork;
  readonly #chain: PublicClient;
  #page = FIRST_PAGE;

  constructor(network: MarketNetwork, chain: PublicClient) {
    this.#network = network;
    this.#chain = chain;
  }

  /** The logs of one block. */
  async ofBlock(block: {
    readonly hash: Hash;
    readonly number: bigint;
    readonly timestamp: number;
  }): Promise<TimedLog[]> {
    const address = ledgerContracts(this.#network.addresses);
    const logs = await this.#chain.getLogs({ address, blockHash: block.hash });
    for (const log of logs) {
      if (log.blockHash !== block.hash) {
        throw lie(`asked for the logs of block ${block.hash} it answers one of block ${log.blockHash}`);
      }
    }
    return check(logs, block.number, block.number).map((log) => ({ log, at: block.timestamp }));
  }

  /**
   * The logs of as many blocks as the provider gives in one answer.
   *
   * @param to the last block that is wanted
   * @returns the logs, and the last block that was read
   */
  async page(from: bigint, to: bigint): Promise<{ readonly logs: TimedLog[]; readonly last: bigint }> {
    for (;;) {
      const last = from + this.#page - 1n < to ? from + this.#page - 1n : to;
      let logs: ChainLog[];
      try {
        const address = ledgerContracts(this.#network.addresses);
        logs = check(await this.#chain.getLogs({ address, fromBlock: from, toBlock: last }), from, last);
      } catch (error) {
        if (last === from || !isTooMuch(error, this.#network)) {
          throw error;
        }
        this.#page = (last - from + 2n) / 2n;
        continue;
      }
      if (last - from + 1n === this.#page && this.#page < LARGEST_PAGE) {
        this.#page += this.#page / 2n;
      }
      return { logs: await this.#withTimes(logs), last };
    }
  }

  /** Logs carry the time of their block; nodes that leave it out are asked for the block once. */
  async #withTimes(logs: readonly ChainLog[]): Promise<TimedLog[]> {
    const times = new Map<Hash, number>();
    const timed: TimedLog[] = [];
    for (const log of logs) {
      let at = log.blockTimestamp === undefined ? times.get(log.blockHash) : timeOf(log.blockTimestamp);
      if (at === undefined) {
        const block = readHead(
          await this.#chain.request({ method: "eth_getBlockByHash", params: [log.blockHash, false] }),
        );
        if (block.hash !== log.blockHash || block.number !== log.blockNumber) {
          throw lie(`asked for block ${log.blockHash} it answers block ${block.hash}`);
        }
        at = block.timestamp;
        times.set(log.blockHash, at);
      }
      timed.push({ log, at });
    }
    return timed;
  }
}

/** Some nodes send it in hexadecimal, which viem leaves as it is. */
function timeOf(value: bigint | string): number {
  const seconds = Number(typeof value === "bigint" ? value : hexToBigInt(value as `0x${string}`));
  if (!Number.isSafeInteger(seconds)) {
    throw lie(`it sends a log whose time is ${value}`);
  }
  return seconds;
}

/** Refuses logs that are out of place. */
function check(logs: readonly Log[], from: bigint, to: bigint): ChainLog[] {
  const checked: ChainLog[] = [];
  let before: ChainLog | undefined;
  for (const log of logs) {
    if (
      log.removed ||
      log.blockNumber === null ||
      log.blockHash === null ||
      log.logIndex === null ||
      log.transactionHash === null
    ) {
      throw lie("it answers logs that are in no block");
    }
    // The fields that can be null are not.
    const mined = log as ChainLog;
    const where = `log ${mined.logIndex} of block ${mined.blockNumber}`;
    if (mined.blockNumber < from || mined.blockNumber > to) {
      throw lie(`asked for blocks ${from} to ${to} it answers ${where}`);
    }
    if (before !== undefined) {
      const later =
        mined.blockNumber > before.blockNumber ||
        (mined.blockNumber === before.blockNumber && mined.logIndex > before.logIndex);
      if (!later) {
        throw lie(`it answers ${where} twice or out of order`);
      }
      if (mined.blockNumber === before.blockNumber && mined.blockHash !== before.blockHash) {
        throw lie(`it answers two blocks with the number ${mined.blockNumber}`);
      }
    }
    before = mined;
    checked.push(mined);
  }
  return checked;
}

/** Whether a provider refuses a page because of its size; each says so in words of its own. */
function isTooMuch(error: unknown, network: MarketNetwork): boolean {
  const translated = toMarketError(error, rpcHost(network), network.currency);
  if (!(translated instanceof MarketError) || translated.code === "rpc-lied") {
    return false;
  }
  if (translated.code === "rpc-slow") {
    return true;
  }
  const text = `${translated.message} ${error instanceof Error ? error.message : ""}`;
  return /block range|range (is )?too|too (large|wide|many (blocks|logs|results))|more than \d+|\d+ (blocks|results|logs)|max(imum)? (block|range|results)|response size|query timeout|exceeds? the (range|limit)/i.test(
    text,
  );
}
