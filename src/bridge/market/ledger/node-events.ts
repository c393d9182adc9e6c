import { type Address, zeroAddress, zeroHash } from "viem";
import { lie } from "../errors";
import type { Fault, MarketNode, NodeTrackRecord } from "../types";
import type { MarketEvent } from "./events";
import type { Draft } from "./tables";

type Funds = Pick<MarketNode, "stake" | "locked" | "unbonding" | "unbondedAt" | "reputation" | "pledged" | "record">;

const NEW_RECORD: NodeTrackRecord = { settled: 0, declined: 0, absent: 0, falseClaims: 0, earned: 0n, slashed: 0n };

/** Applies an event of the registry. @throws {MarketError} `rpc-lied` when it cannot have happened */
export function applyNodeEvent(draft: Draft, event: MarketEvent): void {
  switch (event.eventName) {
    case "NodeRegistered":
      registered(draft, event);
      break;
    case "DelegateSet": {
      const { delegate } = event.args;
      const { delegate: _, ...node } = registeredNode(draft, event, event.args.node);
      draft.setNode(delegate === zeroAddress ? node : { ...node, delegate });
      break;
    }
    case "WireGuardKeySet": {
      const { node, publicKey, epoch } = event.args;
      draft.setNode({ ...registeredNode(draft, event, node), wireGuardKey: publicKey, keyEpoch: epoch });
      break;
    }
    case "StakeAdded": {
      const { node, stake } = event.args;
      changeNode(draft, event, node, () => ({ stake }));
      break;
    }
    case "Unbonding": {
      const { node, amount, unbonding, unbondedAt } = event.args;
      changeNode(draft, event, node, (record) => ({ stake: record.stake - amount, unbonding, unbondedAt }));
      break;
    }
    case "UnbondingCancelled": {
      const { node, amount } = event.args;
      changeNode(draft, event, node, (record) => ({ stake: record.stake + amount, unbonding: 0n }));
      break;
    }
    case "StakeWithdrawn":
      changeNode(draft, event, event.args.node, () => ({ unbonding: 0n }));
      break;
    case "NodePaused":
      draft.setNode({ ...registeredNode(draft, event, event.args.node), status: "paused" });
      break;
    case "NodeResumed":
      draft.setNode({ ...registeredNode(draft, event, event.args.node), status: "active" });
      break;
    case "NodeExited": {
      const { capacity: _c, delegate: _d, wireGuardKey: _w, ...rest } = registeredNode(draft, event, event.args.node);
      draft.setNode({ ...rest, status: "exited" });
      break;
    }
    case "NodeFaulted": {
      const { node, reputation } = event.args;
      changeNode(draft, event, node, () => ({ reputation }));
      break;
    }
    case "Slashed": {
      const { node, compensation, burned } = event.args;
      const lost = compensation + burned;
      changeNode(draft, event, node, (record) => ({
        stake: record.stake - lost,
        record: { ...record.record, slashed: record.record.slashed + lost },
      }));
      break;
    }
  }
}

/** The event of a registration, and of a change of what a node offers. */
function registered(draft: Draft, event: Extract<MarketEvent, { eventName: "NodeRegistered" }>): void {
  const { node: address } = event.args;
  const capacity = { ...event.args.capacity };
  const before = draft.node(address);
  if (before === undefined) {
    draft.setNode({
      address,
      status: "active",
      capacity,
      wireGuardKey: zeroHash,
      keyEpoch: 0,
      stake: 0n,
      locked: 0n,
      unbonding: 0n,
      unbondedAt: 0,
      reputation: 0n,
      pledged: 0n,
      registeredAt: event.at,
      record: NEW_RECORD,
    });
  } else if (before.status === "exited") {
    draft.setNode({ ...before, status: "active", capacity, wireGuardKey: zeroHash });
  } else {
    draft.setNode({ ...before, capacity });
  }
}

/** Changes what a node has. @throws {MarketError} `rpc-lied` when there is no such node, or less than nothing would be left */
export function changeNode(
  draft: Draft,
  event: MarketEvent,
  address: Address,
  change: (node: MarketNode) => Partial<Funds>,
): void {
  const node = draft.node(address);
  if (node === undefined) {
    throw lie(`its events do not fit together: ${event.eventName} of the node ${address}, which was never registered`);
  }
  const changed = { ...node, ...change(node) };
  if (changed.stake < changed.locked || changed.locked < 0n || changed.pledged < 0n || changed.stake < 0n) {
    throw lie(`its events do not fit together: ${event.eventName} leaves the node ${address} less than nothing`);
  }
  draft.setNode(changed);
}

/** Counts a fault. */
export function recordFault(record: NodeTrackRecord, fault: Fault): NodeTrackRecord {
  switch (fault) {
    case "none":
      return record;
    case "declined":
      return { ...record, declined: record.declined + 1 };
    case "absent":
      return { ...record, absent: record.absent + 1 };
    case "false":
      return { ...record, falseClaims: record.falseClaims + 1 };
  }
}

function registeredNode(draft: Draft, event: MarketEvent, address: Address): Exclude<MarketNode, { status: "exited" }> {
  const node = draft.node(address);
  if (node === undefined || node.status === "exited") {
    throw lie(`its events do not fit together: ${event.eventName} of the node ${address}, which is not registered`);
  }
  return node;
}
