import { type Address, encodeFunctionData, type Hex, type PublicClient } from "viem";
import { rpcHost } from "./chain";
import { requireChain, requireContracts, requireWallet } from "./checks";
import { CONTRACT_TITLES, type ContractName } from "./contracts";
import { insufficientFunds, toMarketError } from "./errors";
import type { MarketClient } from "./market-client";
import type { MarketNetwork } from "./network";
import { sendTransaction } from "./send";
import type { Described, PreparedSignature, PreparedTransaction, Wallet } from "./transaction";
import { money } from "./words";

export { encodeFunctionData };

/** What an action wants to call. */
export interface ContractCall {
  readonly title: string;
  readonly contract: ContractName;
  readonly data: Hex;
  readonly describes: readonly Described[];
}

/** The estimate of gas is raised by a quarter: what a call needs can change until it is mined. */
const GAS_MARGIN = [5n, 4n] as const;

const verified = new WeakMap<PublicClient, Promise<void>>();

/** Checks the contracts once for each client; a failed check is repeated at the next call. */
export function verifyContracts(network: MarketNetwork, chain: PublicClient): Promise<void> {
  const running = verified.get(chain);
  if (running !== undefined) {
    return running;
  }
  const check = requireContracts(network, chain).catch((error: unknown) => {
    verified.delete(chain);
    throw error;
  });
  verified.set(chain, check);
  return check;
}

/**
 * Simulates a call and says what it would cost at most. Nothing is signed.
 *
 * @throws {MarketError} that the chain or a contract is wrong, that the contract refuses and why, or that the account cannot pay the fee
 */
export function prepare(market: MarketClient, from: Address, call: ContractCall): Promise<PreparedTransaction> {
  const { title, contract, data, describes } = call;
  const to = market.network.addresses[contract];
  return prepareTransaction(market, from, {
    title,
    to,
    data,
    value: 0n,
    describes: [...describes, { label: "Contract", value: `${CONTRACT_TITLES[contract]}, ${to}` }],
  });
}

/** What is to be sent, to whomever. */
export interface AnyTransaction {
  readonly title: string;
  readonly to: Address;
  readonly data: Hex;
  /** Native currency that goes along, in wei. */
  readonly value: bigint;
  readonly describes: readonly Described[];
}

/** The same as `prepare` for a transaction to any address. @throws {MarketError} like `prepare` */
export async function prepareTransaction(
  market: MarketClient,
  from: Address,
  { title, to, data, value, describes }: AnyTransaction,
): Promise<PreparedTransaction> {
  const { network, chain } = market;
  const request = { account: from, to, data, value } as const;
  const failed = (error: unknown): never => {
    throw toMarketError(error, rpcHost(network), network.currency);
  };
  const check = async (): Promise<void> => {
    await requireChain(network, chain);
    await verifyContracts(network, chain);
    await chain.call(request).catch(failed);
  };
  await check();
  const [estimate, fees, balance] = await Promise.all([
    chain.estimateGas(request).catch(failed),
    feesOf(chain).catch(failed),
    chain.getBalance({ address: from }).catch(failed),
  ]);
  const gas = (estimate * GAS_MARGIN[0]) / GAS_MARGIN[1];
  const feeWei = gas * fees.maxFeePerGas;
  const costWei = feeWei + value;
  if (balance < costWei) {
    throw insufficientFunds(balance, costWei, network.currency);
  }
  return {
    title,
    from,
    to,
    chainId: network.chainId,
    data,
    value,
    gas,
    ...fees,
    costWei,
    describes: [
      ...describes,
      { label: "Network", value: `${network.name} (chain ${network.chainId})` },
      { label: "Fee at most", value: money(feeWei, network.currency) },
    ],
    send: async (wallet) => {
      await requireWallet(network, wallet, from);
      await check();
      return sendTransaction(market, wallet, { ...request, gas, ...fees });
    },
  };
}

/** What a unit of gas costs at most, in wei. Chains without EIP-1559 have one price. */
async function feesOf(chain: PublicClient): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
  const block = await chain.getBlock({ blockTag: "latest" });
  if (block.baseFeePerGas === null) {
    const price = await chain.getGasPrice();
    return { maxFeePerGas: price, maxPriorityFeePerGas: price };
  }
  const { maxFeePerGas, maxPriorityFeePerGas } = await chain.estimateFeesPerGas();
  return { maxFeePerGas, maxPriorityFeePerGas };
}

/** What an action wants to have signed. */
export interface SignatureRequest<Signed> {
  readonly title: string;
  readonly from: Address;
  readonly typedData: PreparedSignature<Signed>["typedData"];
  readonly describes: readonly Described[];
  /** Makes what the caller wants of the signature of 65 bytes. */
  readonly read: (signature: Hex) => Signed;
}

/** Prepares a signature over typed data: the chain is checked before the wallet is asked. */
export function prepareSignature<Signed>(
  market: MarketClient,
  request: SignatureRequest<Signed>,
): PreparedSignature<Signed> {
  const { network, chain } = market;
  const { title, from, typedData, describes, read } = request;
  return {
    title,
    from,
    chainId: network.chainId,
    typedData,
    describes: [...describes, { label: "Network", value: `${network.name} (chain ${network.chainId})` }],
    sign: async (wallet: Wallet) => {
      await requireWallet(network, wallet, from);
      await requireChain(network, chain);
      await verifyContracts(network, chain);
      const signature = await wallet
        .signTypedData({ ...typedData, account: wallet.account })
        .catch((error: unknown) => {
          throw toMarketError(error, "The wallet", network.currency);
        });
      return read(signature);
    },
  };
}
