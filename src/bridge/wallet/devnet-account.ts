import { type Address, createWalletClient, type Hex, http, isAddressEqual, isHex, type LocalAccount } from "viem";
import { generatePrivateKey, mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { chainOf } from "../market/chain";
import type { MarketNetwork } from "../market/network";
import { DEVNET_CHAIN_ID } from "../market/network";
import type { SecretStore } from "./secret-store";
import { WalletError } from "./wallet-error";
import type { WalletSession } from "./wallet-state";
import type { WalletRequest } from "./walletconnect";

const KEY = "zlayer.wallet.devnetKey";
/** The mnemonic of anvil and other development nodes. Everybody knows it. */
export const DEVNET_PHRASE = "test test test test test test test test test test test junk";
const WELL_KNOWN_ACCOUNTS = 10;

/** Which keys: those that the devnet's node has funded, or one of this machine. */
export type DevnetKind = "well-known" | "own";

/** Signs with keys on this machine, for the devnet and nothing else: money there is worth nothing. */
export class DevnetAccounts {
  readonly #accounts: readonly LocalAccount[];

  private constructor(
    readonly kind: DevnetKind,
    accounts: readonly LocalAccount[],
  ) {
    this.#accounts = accounts;
  }

  /** The own key is made when it is first asked for, and kept. */
  static async open(kind: DevnetKind, secrets: SecretStore): Promise<DevnetAccounts> {
    if (kind === "well-known") {
      const accounts = Array.from({ length: WELL_KNOWN_ACCOUNTS }, (_, addressIndex) =>
        mnemonicToAccount(DEVNET_PHRASE, { addressIndex }),
      );
      return new DevnetAccounts(kind, accounts);
    }
    const kept = await secrets.get(KEY);
    let key: Hex;
    if (isHex(kept) && kept.length === 66) {
      key = kept;
    } else {
      key = generatePrivateKey();
      await secrets.store(KEY, key);
    }
    return new DevnetAccounts(kind, [privateKeyToAccount(key)]);
  }

  get addresses(): readonly Address[] {
    return this.#accounts.map(({ address }) => address);
  }

  /** @throws {WalletError} `wrong-chain` on any other network, `wrong-account`, `unsupported` */
  async request(request: WalletRequest, network: MarketNetwork): Promise<unknown> {
    if (request.chainId !== DEVNET_CHAIN_ID || network.chainId !== DEVNET_CHAIN_ID) {
      throw new WalletError(
        "wrong-chain",
        `The devnet account signs on the devnet (${DEVNET_CHAIN_ID}) only, not on network ${request.chainId}. Connect a wallet for that network.`,
      );
    }
    const account = this.#accounts.find(({ address }) => isAddressEqual(address, request.account));
    if (account === undefined) {
      throw new WalletError("wrong-account", `${request.account} is none of the devnet accounts. Switch the account.`);
    }
    switch (request.method) {
      case "eth_signTypedData_v4":
        return account.signTypedData(JSON.parse(String(request.params[1])));
      case "wallet_addEthereumChain":
        throw new WalletError("unsupported", "The devnet account knows the devnet only.");
      case "personal_sign":
        return account.signMessage({ message: { raw: request.params[0] as Hex } });
      case "eth_sendTransaction": {
        const { to, data, value, gas, maxFeePerGas, maxPriorityFeePerGas, nonce } = request.params[0] as Record<
          string,
          Hex
        >;
        const wallet = createWalletClient({ account, chain: chainOf(network), transport: http(network.rpcUrl) });
        return wallet.sendTransaction({
          ...(to !== undefined && { to }),
          ...(data !== undefined && { data }),
          ...(value !== undefined && { value: BigInt(value) }),
          ...(gas !== undefined && { gas: BigInt(gas) }),
          ...(nonce !== undefined && { nonce: Number(nonce) }),
          ...(maxFeePerGas !== undefined && { maxFeePerGas: BigInt(maxFeePerGas) }),
          ...(maxPriorityFeePerGas !== undefined && { maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) }),
        });
      }
    }
  }
}

/** The session that these accounts are, with the account that was used last where they have it. */
export function devnetSession({ kind, addresses }: DevnetAccounts, last: Address | undefined): WalletSession {
  const [first] = addresses;
  if (first === undefined) {
    throw new WalletError("not-connected", "There is no devnet account.");
  }
  return {
    via: "devnet",
    accounts: addresses,
    account: last !== undefined && addresses.includes(last) ? last : first,
    chainIds: [DEVNET_CHAIN_ID],
    chainId: DEVNET_CHAIN_ID,
    peer: { name: kind === "well-known" ? "Devnet account" : "Devnet account of this machine" },
  };
}
