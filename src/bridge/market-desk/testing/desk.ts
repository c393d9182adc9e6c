// A desk with its hub on a chain of the test's own; the test is the wallet's user and answers the desk's questions.
import type { Address, Hex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import type { WorkState } from "../../../protocol/market-messages";
import { Emitter } from "../../emitter";
import { createMarketClient } from "../../market/create-market-client";
import type { MarketClient } from "../../market/market-client";
import { SPEC_CID, type TestMarket } from "../../market/testing/market";
import type { Job } from "../../market/types";
import { OperatorKey } from "../../operator/operator-key";
import type { SpecPublisher } from "../../storage/spec-publisher";
import { MemorySecrets } from "../../wallet/secret-store";
import type { DeskWallet } from "../desk-wallet";
import { MarketDesk } from "../market-desk";
import { type HubChange, MarketHub } from "../market-hub";
import { ReceiptBook } from "../receipt-book";

/** One person at the market: a wallet, what the window keeps, and what was asked and told. */
export class TestDesk {
  readonly secrets = new MemorySecrets();
  readonly hub: MarketHub;
  readonly desk: MarketDesk;
  readonly key: OperatorKey;
  readonly works: WorkState[] = [];
  readonly problems: string[] = [];
  /** Titles of what the wallet was asked for. */
  readonly asked: string[] = [];
  /** What was handed over to the other side. */
  readonly handed: string[] = [];
  /** What the user pastes when a receipt is asked for. */
  pastes: unknown;
  extension: Hex | undefined;
  confirms = true;
  published: SpecPublisher = {
    place: "nowhere",
    reachable: true,
    publish: async (content) => ({ cid: SPEC_CID, size: content.length }),
    isPinned: async () => true,
  };
  readonly #memory = new Map<string, unknown>();
  readonly #walletChanges = new Emitter<void>();
  #account: Address | undefined;

  constructor(market: TestMarket, account: Address | undefined, directory?: string) {
    this.#account = account;
    const self = this;
    const wallet: DeskWallet = {
      get state() {
        return self.#account === undefined
          ? { kind: "none" as const }
          : {
              kind: "connected" as const,
              account: self.#account,
              chainId: market.network.chainId,
              label: "Test wallet",
            };
      },
      onChange: (listener) => this.#walletChanges.on(listener),
      connect: async () => undefined,
      switchChain: async () => undefined,
      client: (_network, { title }) => {
        this.asked.push(title);
        return market.wallet(this.#account as Address);
      },
      nodeKey: async () => generatePrivateKey(),
    };
    const open = (network: MarketClient["network"]): MarketClient => {
      const client = createMarketClient({ network, ...(directory !== undefined && { directory }) });
      client.chain.pollingInterval = 20;
      return client;
    };
    const onProblem = (message: string): void => void this.problems.push(message);
    this.hub = new MarketHub({ wallet, open, onProblem });
    this.key = new OperatorKey({ hub: this.hub, secrets: this.secrets, onProblem });
    this.desk = new MarketDesk({
      hub: this.hub,
      key: this.key,
      receipts: (client) => this.book(client),
      publisher: () => this.published,
      questions: {
        nodeReceipt: async () => this.pastes,
        signedReceipt: async () => this.pastes,
        confirmReceipt: async () => this.confirms,
        extensionSignature: async () => this.extension,
        handOver: async (_what, _to, text) => void this.handed.push(text),
      },
      savePolicy: async () => undefined,
    });
    this.desk.onWork((work) => this.works.push(work));
    this.hub.use([market.network], [], "");
  }

  book(client: MarketClient): ReceiptBook {
    return new ReceiptBook(client.network, this.secrets, {
      get: (name) => this.#memory.get(name),
      update: async (name, value) => void this.#memory.set(name, JSON.parse(JSON.stringify(value))),
    });
  }

  /** The user picks another account, or none. */
  switchTo(account: Address | undefined): void {
    this.#account = account;
    this.#walletChanges.emit();
  }

  /** Resolves once `holds`, now or after a change of the hub or the key. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (holds()) {
          stopHub();
          stopKey();
          resolve();
        }
      };
      const stopHub = this.hub.onChange((_: HubChange) => check());
      const stopKey = this.key.onChange(check);
      check();
    });
  }

  /** Waits until the contracts have answered and all blocks until now are known. */
  async ready(market: TestMarket): Promise<void> {
    const number = await market.client.chain.getBlockNumber();
    await this.until(() => this.hub.parameters !== undefined && (this.hub.client?.store.tip?.number ?? -1n) >= number);
  }

  /** Waits until the job is in a state. */
  async reaches(id: bigint, state: Job["state"]): Promise<void> {
    await this.until(() => this.hub.client?.store.job(id)?.state === state);
  }

  get last(): WorkState | undefined {
    return this.works.at(-1);
  }

  async stop(): Promise<void> {
    this.key.dispose();
    await this.hub.dispose();
  }
}
