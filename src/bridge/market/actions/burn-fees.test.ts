import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { burnFees } from "./burn-fees";
import { settleByReceipt } from "./settle-by-receipt";

describe("burnFees", () => {
  const market = useMarket();

  it("destroys what settled jobs left, and says when there is nothing", async () => {
    const { client, accounts } = market();
    const from = accounts.stranger.address;
    await expect(burnFees(client, { from })).rejects.toThrow("no fees to be burned");
    const jobId = await market().running();
    await market().passSeconds(100);
    const signed = await market().receipt({ jobId });
    await market().send(settleByReceipt(client, { from: accounts.node.address, signed }));
    await market().send(burnFees(client, { from }));
    await expect(burnFees(client, { from })).rejects.toThrow("no fees to be burned");
  });
});
