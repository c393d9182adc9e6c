import { type Address, getAbiItem, isAddressEqual, type LocalAccount, size, slice, toFunctionSelector } from "viem";
import { toAccount } from "viem/accounts";
import { computeMarketAbi, nodeRegistryAbi, rewardDistributionAbi } from "../market/contracts";
import type { MarketNetwork } from "../market/network";

const selector = (
  abi: typeof computeMarketAbi | typeof nodeRegistryAbi | typeof rewardDistributionAbi,
  name: string,
): string => {
  const item = getAbiItem({ abi, name } as Parameters<typeof getAbiItem>[0]);
  if (item?.type !== "function") {
    throw new Error(`The contracts have no function ${name}.`);
  }
  return toFunctionSelector(item);
};

const of = (abi: Parameters<typeof selector>[0], names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => selector(abi, name)));

/** What a node's delegate is for. None of it moves stake or OTT to anybody but the node's wallet. */
const CALLS = {
  market: of(computeMarketAbi, ["bid", "withdrawBid", "start", "decline", "stop"]),
  registry: of(nodeRegistryAbi, ["pause", "resume"]),
  distribution: of(rewardDistributionAbi, ["settle", "claim", "finalize"]),
} as const;

/**
 * A key that signs what a delegate does for a node on one market, and nothing else: whatever code is asked to use it, its own account's
 * money can go to fees of such calls and back to the node's wallet only.
 *
 * @param node to whose wallet what is left may be returned
 * @returns an account whose calls reject for anything else
 */
export function guardedAccount(key: LocalAccount, network: MarketNetwork, node: Address): LocalAccount {
  const refuse = (what: string): never => {
    throw new Error(`The operator key does not sign ${what}. Do this with the node's wallet.`);
  };
  const { addresses, chainId } = network;
  return toAccount({
    address: key.address,
    signMessage: async () => refuse("messages"),
    signTypedData: async (typedData) => {
      const { domain, primaryType } = typedData as {
        readonly domain?: { readonly chainId?: number | bigint; readonly verifyingContract?: Address };
        readonly primaryType: string;
      };
      const contract =
        primaryType === "Receipt"
          ? addresses.distribution
          : primaryType === "Extension"
            ? addresses.market
            : refuse(`“${primaryType}”`);
      if (
        Number(domain?.chainId) !== chainId ||
        domain?.verifyingContract === undefined ||
        !isAddressEqual(domain.verifyingContract, contract)
      ) {
        refuse("for another market than its own");
      }
      return key.signTypedData(typedData);
    },
    signTransaction: async (transaction, options) => {
      const { to, value = 0n, data = "0x" } = transaction;
      if (transaction.chainId !== chainId) {
        refuse("for another chain than its own");
      }
      if (to === undefined || to === null) {
        return refuse("the creation of a contract");
      }
      const isReturn = isAddressEqual(to, node) && size(data) === 0;
      if (!isReturn) {
        if (value !== 0n) {
          refuse("a payment to anybody but the node's wallet");
        }
        const name = (["market", "registry", "distribution"] as const).find((each) =>
          isAddressEqual(addresses[each], to),
        );
        if (name === undefined || size(data) < 4 || !CALLS[name].has(slice(data, 0, 4))) {
          refuse("calls other than a node's unattended work");
        }
      }
      return key.signTransaction(transaction, options);
    },
  });
}
