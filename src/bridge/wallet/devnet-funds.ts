import { type Address, createWalletClient, erc20Abi, type Hex, http, numberToHex } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { chainOf, connect } from "../market/chain";
import { DEVNET_CHAIN_ID, type MarketNetwork } from "../market/network";
import { DEVNET_PHRASE } from "./devnet-account";
import { WalletError } from "./wallet-error";

const UNIT = 10n ** 18n;
/** What an account has at least afterwards, in wei: enough for some thousand transactions. */
const NATIVE = 10n * UNIT;
/** What an account gets each time, in the smallest unit of OTT: a stake for a small machine, and some jobs. */
const OTT = 10_000n * UNIT;
/** Milliseconds for the devnet to mine a block, which it does each second. */
const LONGEST = 30_000;

/** What an account was given. */
export interface DevnetFunds {
  /** Balance in wei now. */
  readonly native: bigint;
  /** OTT that came, in its smallest unit. */
  readonly ott: bigint;
}

/**
 * Gives an account of the devnet money for fees and OTT for jobs and stakes. The fees' money comes from nothing (`anvil_setBalance`),
 * the OTT from the account that deployed the contracts, whose key everybody knows.
 *
 * @throws {WalletError} `wrong-chain` on any other network, also where only the node serves another one; `wallet-failed` when the node
 *   cannot give money, or the deployer has no OTT left
 */
export async function fundDevnetAccount(network: MarketNetwork, account: Address): Promise<DevnetFunds> {
  if (network.chainId !== DEVNET_CHAIN_ID) {
    throw wrongChain(`“${network.name}” is chain ${network.chainId}`);
  }
  const node = connect(network);
  const served = await node.getChainId();
  if (served !== DEVNET_CHAIN_ID) {
    throw wrongChain(`the node at ${new URL(network.rpcUrl).host} serves chain ${served}`);
  }
  const faucet = mnemonicToAccount(DEVNET_PHRASE);
  const token = { abi: erc20Abi, address: network.addresses.token } as const;
  const left = await node.readContract({ ...token, functionName: "balanceOf", args: [faucet.address] });
  if (left < OTT) {
    throw new WalletError(
      "wallet-failed",
      "The devnet has no OTT left to give away. Start it anew with “npm run devnet -- --reset”.",
    );
  }
  await raiseBalance(node, account);
  const hash = await createWalletClient({
    account: faucet,
    chain: chainOf(network),
    transport: http(network.rpcUrl),
  }).writeContract({ ...token, functionName: "transfer", args: [account, OTT] });
  const receipt = await node.waitForTransactionReceipt({ hash, timeout: LONGEST });
  if (receipt.status !== "success") {
    throw new WalletError("wallet-failed", `The devnet refused to send OTT (transaction ${hash}).`);
  }
  return { native: await node.getBalance({ address: account }), ott: OTT };
}

/** Never takes anything away from an account that has more. */
async function raiseBalance(node: ReturnType<typeof connect>, account: Address): Promise<void> {
  if ((await node.getBalance({ address: account })) >= NATIVE) {
    return;
  }
  const parameters: [Address, Hex] = [account, numberToHex(NATIVE)];
  try {
    // A call of anvil's, which viem's types of a public client do not have.
    await (node.request as (call: { method: string; params: unknown }) => Promise<unknown>)({
      method: "anvil_setBalance",
      params: parameters,
    });
  } catch (error) {
    throw new WalletError(
      "wallet-failed",
      "The devnet's node cannot give money away: it is no anvil. Send some from one of its own accounts.",
      { cause: error },
    );
  }
}

function wrongChain(why: string): WalletError {
  return new WalletError(
    "wrong-chain",
    `Money is given away on the devnet (chain ${DEVNET_CHAIN_ID}) only, but ${why}. Switch the wallet to the devnet.`,
  );
}
