import { expect, it } from "vitest";
import { decline, expire, settleByReceipt } from "../market/actions";
import { RATE, useMarket } from "../market/testing/market";
import { earningsOf } from "./earnings";

const started = useMarket();

it("tells what a node was paid, with what it was for", async () => {
  const market = started();
  const jobId = await market.running();
  await market.passSeconds(60);
  const signed = await market.receipt({ jobId, usedSeconds: 60, isFinal: true });
  await market.send(settleByReceipt(market.client, { from: market.accounts.node.address, signed }));
  const { rows, total, slashed } = earningsOf(await market.follow(), market.accounts.node.address);
  expect(rows).toMatchObject([{ kind: "payout", jobId: String(jobId), detail: "Settled: 1 min used" }]);
  expect(BigInt(total)).toBe((RATE * 60n * 9_800n) / 10_000n);
  expect(slashed).toBe("0");
});

it("tells of a job that the node failed, although it is nobody's now", async () => {
  const market = started();
  const absent = await market.assigned();
  await market.passSeconds(901);
  await market.send(expire(market.client, { from: market.accounts.developer.address, jobId: absent }));
  const store = await market.follow();
  const { rows, slashed } = earningsOf(store, market.accounts.node.address);
  expect(rows).toMatchObject([{ kind: "fault", jobId: String(absent), detail: "Did not start in time, or vanished" }]);
  expect(BigInt(slashed)).toBeGreaterThan(0n);
});

it("tells of a job that was handed back, which costs no stake", async () => {
  const market = started();
  const jobId = await market.assigned();
  await market.send(decline(market.client, { from: market.accounts.node.address, jobId }));
  const { rows, slashed } = earningsOf(await market.follow(), market.accounts.node.address);
  expect(rows).toMatchObject([{ kind: "fault", detail: "Handed back before it started" }]);
  expect(slashed).toBe("0");
});
