import * as v from "valibot";
import { type Address, type Hex, isHex, type LocalAccount } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { MarketError } from "../market/errors";
import type { MarketNetwork } from "../market/network";
import {
  type CoSignedReceipt,
  checkReceipt,
  checkSignatures,
  type Receipt,
  type ReceiptContext,
  receiptTypedData,
} from "../market/receipts";
import type { Job, MarketNode } from "../market/types";

/** Keeps secrets; VS Code's SecretStorage is one. */
export interface Secrets {
  get(key: string): PromiseLike<string | undefined>;
  store(key: string, value: string): PromiseLike<void>;
}

/** Keeps what is no secret; VS Code's Memento is one. */
export interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/** A receipt that both sides signed, and when it was signed here, in seconds since the Unix epoch. */
export interface KnownReceipt {
  readonly signed: CoSignedReceipt;
  readonly at: number | null;
}

const hex = (bytes: number) =>
  v.custom<Hex>((value) => isHex(value) && value.length === 2 + 2 * bytes, `Expected ${bytes} bytes in hexadecimal`);
const whole = v.pipe(
  v.union([v.string(), v.number()]),
  v.transform(String),
  v.regex(/^\d{1,30}$/, "Expected a whole number"),
);
const small = v.pipe(
  whole,
  v.transform((text: string) => Number(text)),
  v.maxValue(0xffff_ffff),
);

/** A receipt that the node has signed, as it sends it. */
export const nodeReceipt = v.object({
  jobId: v.pipe(
    whole,
    v.transform((text: string) => BigInt(text)),
  ),
  sequence: small,
  usedSeconds: small,
  amount: v.pipe(
    whole,
    v.transform((text: string) => BigInt(text)),
  ),
  usageRoot: hex(32),
  isFinal: v.boolean(),
  nodeSignature: hex(65),
});

/** A receipt that both sides have signed, as the developer sends it. */
const signedReceipt = v.object({ ...nodeReceipt.entries, developerSignature: hex(65) });

const kept = v.array(v.object({ ...signedReceipt.entries, at: v.nullable(v.number()) }));

/**
 * The developer's side of the receipts of jobs: a key for each job, which can sign receipts of that job and nothing else, and the
 * receipts that were signed with it.
 */
export class ReceiptBook {
  readonly #network: MarketNetwork;
  readonly #secrets: Secrets;
  readonly #memory: Memory;

  constructor(network: MarketNetwork, secrets: Secrets, memory: Memory) {
    this.#network = network;
    this.#secrets = secrets;
    this.#memory = memory;
  }

  /** Makes a key for a job that is about to be posted. It is kept before it is used, so that no job is left without. */
  async newKey(): Promise<Address> {
    const key = generatePrivateKey();
    const { address } = privateKeyToAccount(key);
    await this.#secrets.store(this.#keyName(address), key);
    return address;
  }

  /** What both sides signed, oldest first. */
  receipts(jobId: bigint): readonly KnownReceipt[] {
    const parsed = v.safeParse(kept, this.#memory.get(this.#bookName(jobId)) ?? []);
    return parsed.success
      ? parsed.output.map(({ nodeSignature, developerSignature, at, ...receipt }) => ({
          signed: { receipt, nodeSignature, developerSignature },
          at,
        }))
      : [];
  }

  /**
   * Checks what the node signed against the chain and the receipts before it, signs it for the developer's side and keeps it.
   *
   * @param value as it came from the node, unchecked
   * @param now seconds since the Unix epoch, by the chain's clock
   * @param confirm asks the user, once the receipt is known to be right
   * @throws {MarketError} `bad-receipt`, `rejected`, or `bad-argument` where this machine has no key of the job
   */
  async countersign(
    value: unknown,
    job: Job,
    node: MarketNode | undefined,
    now: number,
    confirm: (receipt: Receipt) => Promise<boolean>,
  ): Promise<CoSignedReceipt> {
    const { nodeSignature, ...receipt } = read(nodeReceipt, value, "Ask the node for the receipt as JSON.");
    const context = receiptContext(this.#network, job, node);
    checkReceipt(receipt, this.receipts(job.id).at(-1)?.signed.receipt, context, now);
    const key = await this.#key(job.receiptKey);
    const developerSignature = await key.signTypedData(receiptTypedData(this.#network, receipt));
    const signed = { receipt, nodeSignature, developerSignature };
    await checkSignatures(signed, context);
    if (!(await confirm(receipt))) {
      throw new MarketError("rejected", "The receipt was not signed.", "Nothing was sent.");
    }
    await this.#keep(signed, now);
    return signed;
  }

  /**
   * Checks a receipt that the developer signed too, and keeps it for the node's side.
   *
   * @param value as it came from the developer, unchecked
   * @param now seconds since the Unix epoch, by the chain's clock
   * @throws {MarketError} `bad-receipt`
   */
  async accept(value: unknown, job: Job, node: MarketNode | undefined, now: number): Promise<CoSignedReceipt> {
    const { nodeSignature, developerSignature, ...receipt } = read(
      signedReceipt,
      value,
      "Ask the developer for the receipt as JSON, signed by both sides.",
    );
    const context = receiptContext(this.#network, job, node);
    const signed = { receipt, nodeSignature, developerSignature };
    checkReceipt(receipt, this.receipts(job.id).at(-1)?.signed.receipt, context, now);
    await checkSignatures(signed, context);
    await this.#keep(signed, now);
    return signed;
  }

  async #keep({ receipt, nodeSignature, developerSignature }: CoSignedReceipt, at: number): Promise<void> {
    const name = this.#bookName(receipt.jobId);
    const before = v.safeParse(kept, this.#memory.get(name) ?? []);
    const rows = before.success ? before.output : [];
    const row = { ...receipt, nodeSignature, developerSignature, at };
    await this.#memory.update(name, [...rows, row].slice(-1_000).map(plain));
  }

  async #key(address: Address): Promise<LocalAccount> {
    const key = await this.#secrets.get(this.#keyName(address));
    if (!isHex(key) || key.length !== 66) {
      throw new MarketError(
        "bad-argument",
        "This machine has no receipt key of the job.",
        "Sign its receipts where the job was posted; without them, the node is paid by its own proof.",
      );
    }
    return privateKeyToAccount(key);
  }

  #keyName(address: Address): string {
    return `zlayer.market.receiptKey.${this.#network.chainId}.${address}`;
  }

  #bookName(jobId: bigint): string {
    return `zlayer.market.receipts.${this.#network.chainId}.${this.#network.addresses.market}.${jobId}`;
  }
}

/** What a receipt of this job is checked against. @throws {MarketError} for a job that never started */
export function receiptContext(network: MarketNetwork, job: Job, node: MarketNode | undefined): ReceiptContext {
  if (!("service" in job)) {
    throw new MarketError(
      "bad-receipt",
      `Job ${job.id} has not started, so nothing was used.`,
      "Wait for its node to start it.",
    );
  }
  const delegate = node === undefined || node.status === "exited" ? undefined : node.delegate;
  return {
    network,
    jobId: job.id,
    rate: job.assignment.rate,
    startedAt: job.service.startedAt,
    endsAt: job.service.endsAt,
    escrow: job.escrow,
    node: job.assignment.node,
    ...(delegate !== undefined && { delegate }),
    receiptKey: job.receiptKey,
  };
}

/** What the node's operator sends to the developer. */
export function nodeReceiptText(receipt: Receipt & { readonly nodeSignature: Hex }): string {
  return JSON.stringify(plain(receipt));
}

/** What the developer sends back, signed by both sides. */
export function signedReceiptText({ receipt, nodeSignature, developerSignature }: CoSignedReceipt): string {
  return JSON.stringify(plain({ ...receipt, nodeSignature, developerSignature }));
}

function read<S extends v.GenericSchema>(schema: S, value: unknown, remedy: string): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) {
    return parsed.output;
  }
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue);
  throw new MarketError(
    "bad-receipt",
    `This is no receipt: ${where === null ? "" : `${where}: `}${issue.message}.`,
    remedy,
  );
}

/** As JSON can hold it. */
function plain<Row extends Receipt>(row: Row) {
  return { ...row, jobId: String(row.jobId), amount: String(row.amount) };
}
