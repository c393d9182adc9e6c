import * as v from "valibot";
import type { Memento } from "vscode";
import { Emitter, type Unsubscribe } from "../bridge/emitter";
import { type BidPolicy, NO_POLICY } from "../bridge/operator/policy";
import { type BidPolicyRow, bidPolicy } from "../protocol/market-operator";

const KEY = "zlayer.operator.policy";

/** The node's bid policy, kept for all windows of this machine. */
export class PolicyStore {
  readonly #memory: Memento;
  readonly #changes = new Emitter<void>();

  constructor(memory: Memento) {
    this.#memory = memory;
  }

  get row(): BidPolicyRow {
    const kept = v.safeParse(bidPolicy, this.#memory.get(KEY));
    return kept.success ? kept.output : rowOf(NO_POLICY);
  }

  get policy(): BidPolicy {
    const { floorPerMillicore, floorPerMebibyte, floorPerGpu, ...rest } = this.row;
    return {
      ...rest,
      floorPerMillicore: BigInt(floorPerMillicore),
      floorPerMebibyte: BigInt(floorPerMebibyte),
      floorPerGpu: BigInt(floorPerGpu),
    };
  }

  onChange(listener: () => void): Unsubscribe {
    return this.#changes.on(listener);
  }

  async save(row: BidPolicyRow): Promise<void> {
    await this.#memory.update(KEY, row);
    this.#changes.emit();
  }
}

function rowOf(policy: BidPolicy): BidPolicyRow {
  const { floorPerMillicore, floorPerMebibyte, floorPerGpu } = policy;
  return {
    ...policy,
    floorPerMillicore: String(floorPerMillicore),
    floorPerMebibyte: String(floorPerMebibyte),
    floorPerGpu: String(floorPerGpu),
  };
}
