import { describe, expect, it } from "vitest";
import { OTT, RATE, useMarket } from "../testing/market";
import { settleByReceipt } from "./settle-by-receipt";

describe("settleByReceipt", () => {
  const market = useMarket();

  it("pays what both sides signed", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    const before = await market().balance(accounts.node.address);
    const signed = await market().receipt({ jobId, usedSeconds: 90 });
    await market().send(settleByReceipt(client, { from: accounts.delegate.address, signed }));
    const { settlement } = await market().job(jobId, "settled");
    const amount = 90n * RATE;
    expect(settlement).toMatchObject({ by: "receipt", usedSeconds: 90, refunded: 36n * OTT - amount });
    expect((await market().balance(accounts.node.address)) - before).toBe(settlement.paid);
    expect(settlement.fee).toBe(amount / 50n);
  });

  it("is open to others with a final receipt only", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    const from = accounts.stranger.address;
    await expect(settleByReceipt(client, { from, signed: await market().receipt({ jobId }) })).rejects.toThrow(
      "Only the node may settle by a receipt that is not final",
    );
    await market().send(settleByReceipt(client, { from, signed: await market().receipt({ jobId, isFinal: true }) }));
    await market().job(jobId, "settled");
  });

  it("refuses a receipt that was used before", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    const signed = await market().receipt({ jobId });
    await market().send(settleByReceipt(client, { from: accounts.node.address, signed }));
    await expect(settleByReceipt(client, { from: accounts.node.address, signed })).rejects.toThrow("NotSettleable");
  });

  it("refuses a receipt of another job, chain or contract, and one that was changed", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    const from = accounts.node.address;
    const signed = await market().receipt({ jobId });
    const refused = "or is for another job, chain or contract";
    const changed = { ...signed, receipt: { ...signed.receipt, amount: 1n } };
    await expect(settleByReceipt(client, { from, signed: changed })).rejects.toThrow(refused);
    const ofOther = { ...(await market().receipt({ jobId: jobId + 1n })), receipt: signed.receipt };
    await expect(settleByReceipt(client, { from, signed: ofOther })).rejects.toThrow(refused);
    const { network } = market();
    for (const foreign of [
      { ...network, chainId: 1 },
      { ...network, addresses: { ...network.addresses, distribution: network.addresses.token } },
    ]) {
      const { receiptTypedData } = await import("../receipts");
      const nodeSignature = await accounts.node.signTypedData(receiptTypedData(foreign, signed.receipt));
      await expect(settleByReceipt(client, { from, signed: { ...signed, nodeSignature } })).rejects.toThrow(refused);
    }
  });

  it("refuses more than the use costs, and more use than there was", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    await market().passSeconds(100);
    const from = accounts.node.address;
    const dear = await market().receipt({ jobId, amount: 61n * RATE });
    await expect(settleByReceipt(client, { from, signed: dear })).rejects.toThrow("more than its use costs");
    const long = await market().receipt({ jobId, usedSeconds: 3000 });
    await expect(settleByReceipt(client, { from, signed: long })).rejects.toThrow("3000 seconds of use are more");
  });
});
