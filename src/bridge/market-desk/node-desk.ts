import type { NodeAction } from "../../protocol/market-operator";
import * as actions from "../market/actions";
import { MarketError } from "../market/errors";
import type { OperatorKey } from "../operator/operator-key";
import type { DeskStep, Signer } from "./desk-step";
import type { MarketHub } from "./market-hub";
import { capacityOf } from "./places";

export interface NodeDeskOptions {
  readonly hub: MarketHub;
  readonly key: OperatorKey;
  /** The operator key as a signer; undefined where there is none. */
  readonly keySigner: (step: DeskStep) => Promise<Signer | undefined>;
}

/** Does with the own node what the wallet's user asked for. */
export async function doNode(
  step: DeskStep,
  action: Exclude<NodeAction, { kind: "setPolicy" }>,
  options: NodeDeskOptions,
): Promise<void> {
  const { client, from } = step;
  switch (action.kind) {
    case "register":
      return register(step, action, options);
    case "setCapacity":
      return step.done(actions.setCapacity(client, { from, capacity: capacityOf(action.capacity) }), "Changed.");
    case "stake": {
      const sum = BigInt(action.amount);
      await step.allow("registry", sum);
      return step.done(actions.stake(client, { from, sum }), "Added.");
    }
    case "unbond":
      return step.done(
        actions.unbond(client, { from, sum: BigInt(action.amount) }),
        "Unbonding. It can be withdrawn when the time is over.",
      );
    case "cancelUnbonding":
      return step.done(actions.cancelUnbonding(client, { from }), "It is staked again.");
    case "withdrawStake":
      return step.done(actions.withdrawStake(client, { from }), "Withdrawn to your wallet.");
    case "pause":
      return step.done(actions.pause(client, { from, node: step.account }), "Paused: the node takes no new jobs.");
    case "resume":
      return step.done(actions.resume(client, { from, node: step.account }), "The node takes jobs again.");
    case "exit":
      return step.done(actions.exit(client, { from }), "You left. Your stake is unbonding.");
    case "createKey":
      return createKey(step, BigInt(action.fees), options);
    case "addFees":
      return addFees(step, BigInt(action.amount), options);
    case "revokeKey":
      return revokeKey(step, options);
  }
}

async function register(
  step: DeskStep,
  action: Extract<NodeAction, { kind: "register" }>,
  { hub }: NodeDeskOptions,
): Promise<void> {
  const { client, from } = step;
  const capacity = capacityOf(action.capacity);
  const stake = BigInt(action.stake);
  step.say("signing", "Confirm in your wallet: derive and bind the node's WireGuard key.");
  const publicKey = await hub.wallet.nodeKey(client.network);
  const key = await step.sign(await actions.signWireGuardKey(client, { from, publicKey }));
  await step.allow("registry", stake);
  await step.done(
    actions.registerNode(client, { from, capacity, stake, key }),
    "Registered. Open jobs that fit are under Jobs.",
  );
}

async function createKey(step: DeskStep, fees: bigint, { key }: NodeDeskOptions): Promise<void> {
  const { client, from } = step;
  const delegate = await key.create(client.network, from);
  await step.send(actions.setDelegate(client, { from, delegate }));
  if (fees > 0n) {
    await step.send(actions.sendNative(client, { from, to: delegate, sum: fees }));
  }
  await key.refresh();
  step.say("done", "The key works for your node now. It can spend what you sent it, on fees alone.");
}

async function addFees(step: DeskStep, sum: bigint, { key }: NodeDeskOptions): Promise<void> {
  const { client, from } = step;
  if (key.state.kind !== "here") {
    throw new MarketError("bad-argument", "This machine has no operator key.", "Create one first.");
  }
  await step.send(actions.sendNative(client, { from, to: key.state.address, sum }));
  await key.refresh();
  step.say("done", "The key can pay more fees now.");
}

/** The registry forgets the key first, so that it is worth nothing from then on; then what is left on its account comes back. */
async function revokeKey(step: DeskStep, { key, keySigner }: NodeDeskOptions): Promise<void> {
  const { client, from, account } = step;
  const delegate = client.store.node(account);
  if (delegate !== undefined && delegate.status !== "exited" && delegate.delegate !== undefined) {
    await step.send(actions.setDelegate(client, { from, delegate: undefined }));
  }
  const signer = await keySigner(step);
  if (signer === undefined) {
    step.say("done", "Revoked: nobody but your wallet acts for the node.");
    return;
  }
  const own = step.as(signer);
  try {
    await own.send(actions.sendAllNative(client, { from: signer.address, to: account }));
  } catch (error) {
    // What is less than the fee of sending it stays where it is.
    if (!(error instanceof MarketError && error.code === "insufficient-funds")) {
      const why = error instanceof Error ? error.message : String(error);
      throw new MarketError(
        "refused",
        `The key is revoked, but what is left of its fees did not come back: ${why}`,
        "Revoke it once more to try again.",
      );
    }
  }
  await key.forget(client.network, account);
  step.say("done", "Revoked: nobody but your wallet acts for the node. What was left for fees came back.");
}
