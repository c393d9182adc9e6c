import {
  type Address,
  type EIP1193RequestFn,
  getAddress,
  type Hash,
  type Hex,
  hexToString,
  isAddress,
  isAddressEqual,
  isHash,
  isHex,
  numberToHex,
  type PublicClient,
  recoverMessageAddress,
  recoverTypedDataAddress,
  type TypedDataDefinition,
} from "viem";
import { connect } from "../market/chain";
import type { MarketNetwork } from "../market/network";
import { describeTransaction } from "./describe-transaction";
import { describeSignIn, parseSignIn } from "./sign-in";
import type { Description, SigningPrompt, SigningRequest, TransactionIntent } from "./signing-request";
import type { TransactionRecord } from "./transaction-record";
import { describeTypedData, parseTypedData, requireExactPermit } from "./typed-data";
import { printable, WalletError } from "./wallet-error";
import { contextOf } from "./wallet-network";
import type { WalletSession } from "./wallet-state";
import type { WalletRequest } from "./walletconnect";

/** The wallet behind a provider. */
export interface Signer {
  /** @throws {WalletError} `not-connected` */
  session(): WalletSession;
  /** @throws {WalletError} */
  ask(request: WalletRequest, network: MarketNetwork, signal: AbortSignal | undefined): Promise<unknown>;
  /** Learns of each transaction that was sent. */
  sent(record: TransactionRecord): void;
}

/** How often the chain is asked for a transaction that the wallet says it sent, and the pause between, in milliseconds. */
const LOOKUPS = 4;
const LOOKUP_PAUSE = 400;

/** What is answered by nobody: it signs blindly, or changes the wallet behind the user's back. */
const BLIND = new Set([
  "eth_sign",
  "eth_signTransaction",
  "eth_signTypedData",
  "eth_signTypedData_v1",
  "eth_signTypedData_v3",
]);

/**
 * An EIP-1193 provider for one network: what signs goes to the wallet, after it was checked and the user has read it; everything else
 * goes to the network's node.
 */
export class SigningProvider {
  readonly #network: MarketNetwork;
  readonly #signer: Signer;
  readonly #prompt: SigningPrompt;
  readonly #intent: TransactionIntent | undefined;
  readonly #node: PublicClient;

  constructor(network: MarketNetwork, signer: Signer, prompt: SigningPrompt, intent: TransactionIntent | undefined) {
    this.#network = network;
    this.#signer = signer;
    this.#prompt = prompt;
    this.#intent = intent;
    this.#node = connect(network);
  }

  readonly request: EIP1193RequestFn = (async ({ method, params }: { method: string; params?: unknown }) => {
    const list: readonly unknown[] = Array.isArray(params) ? params : [];
    switch (method) {
      case "eth_accounts":
      case "eth_requestAccounts":
        return [this.#signer.session().account];
      case "eth_chainId":
        // Whether the wallet is set to it is checked when it signs.
        return numberToHex(this.#network.chainId);
      case "eth_sendTransaction":
        return this.#sendTransaction(list[0]);
      case "eth_signTypedData_v4":
        return this.#signTypedData(list[0], list[1]);
      case "personal_sign":
        return this.#signIn(list[0], list[1]);
    }
    if (BLIND.has(method)) {
      throw new WalletError(
        "blind-signature",
        `${method} would sign what nobody can read. ZLayer never asks a wallet for it.`,
      );
    }
    if (/^(wallet|personal|account)_/.test(method)) {
      throw new WalletError("unsupported", `ZLayer does not ask a wallet for ${method}.`);
    }
    return this.#node.request({ method, params } as never);
  }) as EIP1193RequestFn;

  async #sendTransaction(input: unknown): Promise<Hash> {
    const call = transactionOf(input);
    const session = await this.#check(call.from);
    const { currency } = this.#network;
    const context = contextOf(this.#network);
    const described = describeTransaction(call, context, currency);
    const costWei = await this.#cost(call);
    const answer = await this.#confirmAndAsk(
      session,
      "transaction",
      described,
      "eth_sendTransaction",
      [call.raw],
      costWei,
    );
    if (!isHash(String(answer))) {
      throw new WalletError(
        "wallet-failed",
        `${session.peer.name} sent no transaction id. Look in the wallet what became of it.`,
      );
    }
    const hash = String(answer) as Hash;
    const { title, fields } = this.#intent ?? described;
    this.#signer.sent({
      hash,
      chainId: this.#network.chainId,
      from: session.account,
      to: call.to ?? null,
      title,
      fields: fields
        .slice(0, 100)
        .map(({ label, value }) => ({ label: label.slice(0, 2_000), value: value.slice(0, 2_000) })),
      sentAt: Date.now(),
      state: { kind: "pending" },
    });
    await this.#requireSame(hash, call, session);
    return hash;
  }

  async #signTypedData(address: unknown, input: unknown): Promise<Hex> {
    const session = await this.#check(address);
    const data = parseTypedData(input, this.#network.chainId);
    requireExactPermit(data);
    const text = typeof input === "string" ? input : JSON.stringify(input);
    const described = describeTypedData(data, contextOf(this.#network));
    const answer = await this.#confirmAndAsk(session, "typed-data", described, "eth_signTypedData_v4", [
      session.account,
      text,
    ]);
    const signature = signatureOf(answer, session);
    const definition = { ...data, types: data.types } as unknown as TypedDataDefinition;
    await this.#requireSigner(
      session,
      () => recoverTypedDataAddress({ ...definition, signature }),
      () => this.#node.verifyTypedData({ ...definition, address: session.account, signature }),
    );
    return signature;
  }

  async #signIn(input: unknown, address: unknown): Promise<Hex> {
    const session = await this.#check(address);
    const text = isHex(input) ? hexToString(input) : String(input);
    const message = parseSignIn(text, session.account, this.#network.chainId);
    const described = describeSignIn(message);
    const answer = await this.#confirmAndAsk(session, "sign-in", described, "personal_sign", [
      isHex(input) ? input : `0x${Buffer.from(text, "utf8").toString("hex")}`,
      session.account,
    ]);
    const signature = signatureOf(answer, session);
    await this.#requireSigner(
      session,
      () => recoverMessageAddress({ message: text, signature }),
      () => this.#node.verifyMessage({ address: session.account, message: text, signature }),
    );
    return signature;
  }

  /** The session, after it is certain that account and network are those that are meant, on both ends. */
  async #check(address: unknown): Promise<WalletSession> {
    const session = this.#signer.session();
    const { chainId, name } = this.#network;
    if (
      typeof address !== "string" ||
      !isAddress(address, { strict: false }) ||
      !isAddressEqual(address, session.account)
    ) {
      throw new WalletError(
        "wrong-account",
        `The request is for the account ${printable(String(address), 50)}, but the wallet uses ${session.account}. Switch the account and try again.`,
      );
    }
    if (session.chainId !== chainId) {
      throw new WalletError(
        "wrong-chain",
        `This is for the network ${name} (${chainId}), but the wallet is set to network ${session.chainId}. Switch the network and try again.`,
      );
    }
    const served = await this.#node.getChainId().catch((error: unknown) => {
      throw new WalletError(
        "wrong-chain",
        `The node of ${name} does not say which network it serves, so nothing is signed. Check that ${hostOf(this.#network.rpcUrl)} can be reached.`,
        { cause: error },
      );
    });
    if (served !== chainId) {
      throw new WalletError(
        "wrong-chain",
        `The node of ${name} serves network ${served}, not ${chainId}. Nothing is signed for it; mend the address in zlayer.market.networks.`,
      );
    }
    return session;
  }

  async #confirmAndAsk(
    session: WalletSession,
    kind: SigningRequest["kind"],
    described: Description,
    method: WalletRequest["method"],
    params: readonly unknown[],
    costWei?: bigint,
  ): Promise<unknown> {
    const { chainId, name, currency } = this.#network;
    const shown = this.#intent === undefined ? described : { ...this.#intent, warnings: described.warnings };
    const request: SigningRequest = {
      ...shown,
      kind,
      account: session.account,
      chainId,
      network: name,
      currency,
      wallet: session.peer.name,
      via: session.via,
      ...(costWei !== undefined && { costWei }),
    };
    if (!(await this.#prompt.confirm(request))) {
      throw new WalletError("declined", `“${request.title}” was cancelled. Nothing was signed.`);
    }
    // The wallet may have changed while the user read.
    const now = this.#signer.session();
    if (now.chainId !== chainId || !isAddressEqual(now.account, session.account)) {
      throw new WalletError(
        "wrong-account",
        "The wallet switched its account or network meanwhile. Nothing was signed; try again.",
      );
    }
    let done = (): void => {};
    const answered = new Promise<void>((resolve) => {
      done = resolve;
    });
    try {
      const signal = this.#prompt.waiting(request, answered);
      return await this.#signer.ask({ chainId, account: session.account, method, params }, this.#network, signal);
    } finally {
      done();
    }
  }

  /** The most that it costs, in wei. @throws {WalletError} when it would fail */
  async #cost(call: SentCall): Promise<bigint> {
    const { from, to, data, value } = call;
    try {
      const gas =
        call.gas ?? (await this.#node.estimateGas({ account: from, data, value, ...(to !== undefined && { to }) }));
      const price = call.maxFeePerGas ?? (await this.#node.estimateFeesPerGas()).maxFeePerGas;
      return gas * price;
    } catch (error) {
      const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      throw new WalletError("invalid-request", `The transaction would fail: ${why}`, { cause: error });
    }
  }

  /** A wallet that sent something else than it was asked must not go unnoticed. */
  async #requireSame(hash: Hash, call: SentCall, session: WalletSession): Promise<void> {
    for (let lookup = 0; lookup < LOOKUPS; lookup += 1) {
      const sent = await this.#node.getTransaction({ hash }).catch(() => undefined);
      if (sent !== undefined) {
        if (!isAddressEqual(sent.from, session.account)) {
          throw new WalletError(
            "wrong-account",
            `${session.peer.name} sent the transaction ${hash} from ${getAddress(sent.from)} instead of ${session.account}. Switch the account here or in the wallet.`,
          );
        }
        const sameTarget =
          call.to === undefined ? sent.to === null : sent.to !== null && isAddressEqual(sent.to, call.to);
        if (!sameTarget || sent.input !== call.data || sent.value !== call.value) {
          throw new WalletError(
            "wallet-failed",
            `${session.peer.name} sent another transaction (${hash}) than it was asked for. Do not use this wallet with ZLayer.`,
          );
        }
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOKUP_PAUSE));
    }
    // Not known to this node yet: whoever follows the transaction finds out.
  }

  /** @param onChain asks the account's contract (ERC-1271), for accounts that are one */
  async #requireSigner(
    session: WalletSession,
    recover: () => Promise<Address>,
    onChain: () => Promise<boolean>,
  ): Promise<void> {
    const signer = await recover().catch(() => undefined);
    if (signer !== undefined && isAddressEqual(signer, session.account)) {
      return;
    }
    const code = await this.#node.getCode({ address: session.account }).catch(() => undefined);
    if (code !== undefined && (await onChain().catch(() => false))) {
      return;
    }
    const other = signer === undefined ? "nobody" : getAddress(signer);
    throw new WalletError(
      "wrong-account",
      `${session.peer.name} signed as ${other} instead of ${session.account}. The signature was thrown away; choose the account ${session.account} in the wallet and try again.`,
    );
  }
}

interface SentCall {
  readonly from: Address;
  readonly to: Address | undefined;
  readonly data: Hex;
  readonly value: bigint;
  readonly gas: bigint | undefined;
  readonly maxFeePerGas: bigint | undefined;
  /** As the wallet gets it. */
  readonly raw: Readonly<Record<string, string>>;
}

const CALL_FIELDS = ["from", "to", "data", "value", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "nonce"];

function transactionOf(input: unknown): SentCall {
  if (typeof input !== "object" || input === null) {
    throw new WalletError("invalid-request", "A transaction without content cannot be sent.");
  }
  const fields = input as Record<string, unknown>;
  const raw: Record<string, string> = {};
  for (const name of CALL_FIELDS) {
    const value = fields[name];
    if (value !== undefined && value !== null) {
      if (!isHex(value)) {
        throw new WalletError("invalid-request", `The transaction's ${name} is not hexadecimal.`);
      }
      raw[name] = value;
    }
  }
  const { from, to, data = "0x", value = "0x0", gas, maxFeePerGas } = raw as Record<string, Hex | undefined>;
  if (
    from === undefined ||
    !isAddress(from, { strict: false }) ||
    (to !== undefined && !isAddress(to, { strict: false }))
  ) {
    throw new WalletError("invalid-request", "The transaction's sender or receiver is not an address.");
  }
  return {
    from,
    to,
    data,
    value: BigInt(value),
    gas: gas === undefined ? undefined : BigInt(gas),
    maxFeePerGas: maxFeePerGas === undefined ? undefined : BigInt(maxFeePerGas),
    raw,
  };
}

function signatureOf(answer: unknown, session: WalletSession): Hex {
  if (!isHex(answer) || answer.length < 130 || answer.length > 20_000) {
    throw new WalletError("wallet-failed", `${session.peer.name} answered with something that is no signature.`);
  }
  return answer;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
