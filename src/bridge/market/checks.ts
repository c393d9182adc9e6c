// What must hold before anything is signed: the right chain, and our contracts at the addresses of the settings.
import type { Address, PublicClient } from "viem";
import { chainOf, rpcHost } from "./chain";
import {
  CONTRACT_TITLES,
  type ContractName,
  computeMarketAbi,
  nodeRegistryAbi,
  rewardDistributionAbi,
} from "./contracts";
import { MarketError, toMarketError } from "./errors";
import type { MarketNetwork } from "./network";
import type { Wallet } from "./transaction";

/** Asks the RPC for its chain. @throws {MarketError} `wrong-chain`, or that it cannot be asked */
export async function requireChain(network: MarketNetwork, chain: PublicClient): Promise<void> {
  const served = await chain.getChainId().catch((error: unknown) => {
    throw toMarketError(error, rpcHost(network), network.currency);
  });
  if (served !== network.chainId) {
    throw new MarketError(
      "wrong-chain",
      `${rpcHost(network)} serves chain ${served}, but the network "${network.name}" is chain ${network.chainId}.`,
      "Change rpcUrl or chainId in the settings.",
    );
  }
}

/**
 * Checks that the wallet would sign for this network and this account.
 *
 * @throws {MarketError} `wrong-chain`, `wrong-account`
 */
export async function requireWallet(network: MarketNetwork, wallet: Wallet, from: Address): Promise<void> {
  if (wallet.account.address.toLowerCase() !== from.toLowerCase()) {
    throw new MarketError(
      "wrong-account",
      `This was prepared for the account ${from}, but the wallet would sign with ${wallet.account.address}.`,
      "Choose the right account in the wallet, and try again.",
    );
  }
  // A local key has no chain of its own: what its client was made for counts. A wallet is asked.
  const signsFor =
    wallet.account.type === "local" && wallet.chain !== undefined
      ? wallet.chain.id
      : await wallet.getChainId().catch((error: unknown) => {
          throw toMarketError(error, "The wallet", network.currency);
        });
  if (signsFor !== network.chainId) {
    throw new MarketError(
      "wrong-chain",
      `The wallet is on chain ${signsFor}, but the network "${network.name}" is chain ${network.chainId}.`,
      `Switch the wallet to "${chainOf(network).name}".`,
    );
  }
}

/**
 * Checks that all four contracts are at their addresses and know one another.
 *
 * @throws {MarketError} `wrong-contract` names the address
 */
export async function requireContracts(network: MarketNetwork, chain: PublicClient): Promise<void> {
  const names: readonly ContractName[] = ["token", "registry", "market", "distribution"];
  const failed = (error: unknown): never => {
    throw toMarketError(error, rpcHost(network), network.currency);
  };
  await inOrder(
    names.map(async (name) => {
      const code = await chain.getCode({ address: network.addresses[name] }).catch(failed);
      if (code === undefined || code === "0x") {
        throw wrongContract(network, name, "holds no contract");
      }
    }),
  );
  const { token, registry, market, distribution } = network.addresses;
  const links: readonly [ContractName, ContractName, () => Promise<Address>][] = [
    ["market", "token", () => chain.readContract({ abi: computeMarketAbi, address: market, functionName: "token" })],
    [
      "market",
      "registry",
      () => chain.readContract({ abi: computeMarketAbi, address: market, functionName: "registry" }),
    ],
    [
      "market",
      "distribution",
      () => chain.readContract({ abi: computeMarketAbi, address: market, functionName: "distribution" }),
    ],
    ["registry", "token", () => chain.readContract({ abi: nodeRegistryAbi, address: registry, functionName: "token" })],
    [
      "registry",
      "market",
      () => chain.readContract({ abi: nodeRegistryAbi, address: registry, functionName: "market" }),
    ],
    [
      "distribution",
      "token",
      () => chain.readContract({ abi: rewardDistributionAbi, address: distribution, functionName: "token" }),
    ],
    [
      "distribution",
      "market",
      () => chain.readContract({ abi: rewardDistributionAbi, address: distribution, functionName: "market" }),
    ],
  ];
  const known = { token, registry, market, distribution };
  const found = await inOrder(
    links.map(([of, , read]) =>
      read().catch((error: unknown) => {
        const translated = toMarketError(error, rpcHost(network), network.currency);
        const unreachable = translated instanceof MarketError && isTransport(translated);
        throw unreachable ? translated : wrongContract(network, of, "holds another contract");
      }),
    ),
  );
  // Only now: that one is no such contract explains better why another does not know it.
  for (const [at, [of, to]] of links.entries()) {
    const linked = found[at];
    if (linked?.toLowerCase() !== known[to].toLowerCase()) {
      throw wrongContract(network, of, `belongs to another deployment (its ${to} is ${linked})`);
    }
  }
}

/** As `Promise.all`, but of several failures it is always the first of the list that is told, not the first that came. */
async function inOrder<T>(asked: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(asked);
  return Promise.all(asked);
}

function isTransport(error: MarketError): boolean {
  return ["rpc-unreachable", "rpc-slow", "rate-limited"].includes(error.code);
}

function wrongContract(network: MarketNetwork, name: ContractName, what: string): MarketError {
  return new MarketError(
    "wrong-contract",
    `The address ${network.addresses[name]} that the network "${network.name}" names for ${CONTRACT_TITLES[name]} ${what}.`,
    `Correct "${name}" in the settings, or deploy the contracts.`,
  );
}
