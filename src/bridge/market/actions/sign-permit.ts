import { type Address, parseSignature } from "viem";
import { rpcHost } from "../chain";
import { CONTRACT_TITLES, ottAbi } from "../contracts";
import { toMarketError } from "../errors";
import type { MarketClient } from "../market-client";
import { prepareSignature } from "../prepare";
import type { PreparedSignature } from "../transaction";
import { ott, time } from "../words";
import { amount } from "./terms";

/** An ERC-2612 permit for the market. */
export interface Permit {
  readonly value: bigint;
  /** Until when it can be used, in seconds since 1970. */
  readonly deadline: bigint;
  readonly v: number;
  readonly r: `0x${string}`;
  readonly s: `0x${string}`;
}

/**
 * Prepares the permit with which the market takes exactly this sum, once.
 *
 * @param args.value in wei
 * @param args.deadline in seconds since 1970
 * @throws {MarketError}
 */
export async function signPermit(
  market: MarketClient,
  { from, value, deadline }: { readonly from: Address; readonly value: bigint; readonly deadline: number },
): Promise<PreparedSignature<Permit>> {
  const { network, chain } = market;
  const { token } = network.addresses;
  amount("sum", value);
  const read = { abi: ottAbi, address: token } as const;
  const [nonce, [, name, version]] = await Promise.all([
    chain.readContract({ ...read, functionName: "nonces", args: [from] }),
    chain.readContract({ ...read, functionName: "eip712Domain" }),
  ]).catch((error: unknown) => {
    throw toMarketError(error, rpcHost(network), network.currency);
  });
  return prepareSignature(market, {
    title: "Permit the escrow",
    from,
    typedData: {
      // The chain and the contract are the settings', never what the RPC says.
      domain: { name, version, chainId: network.chainId, verifyingContract: token },
      types: {
        Permit: [
          { name: "owner", type: "address" },
          { name: "spender", type: "address" },
          { name: "value", type: "uint256" },
          { name: "nonce", type: "uint256" },
          { name: "deadline", type: "uint256" },
        ],
      },
      primaryType: "Permit",
      message: { owner: from, spender: network.addresses.market, value, nonce, deadline: BigInt(deadline) },
    },
    describes: [
      { label: "May be taken", value: ott(value) },
      { label: "By", value: `${CONTRACT_TITLES.market}, ${network.addresses.market}` },
      { label: "Until", value: time(deadline) },
    ],
    read: (signature) => {
      const { r, s, yParity } = parseSignature(signature);
      return { value, deadline: BigInt(deadline), v: 27 + yParity, r, s };
    },
  });
}
