import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { postJobWithPermit } from "./post-job-with-permit";
import { revoke } from "./revoke";
import { signPermit } from "./sign-permit";

describe("postJobWithPermit", () => {
  const market = useMarket(async (each) => {
    await each.send(revoke(each.client, { from: each.accounts.developer.address, spender: "market" }));
  });
  const permitted = async (value: bigint, deadline: number) => {
    const from = market().accounts.developer.address;
    return (await signPermit(market().client, { from, value, deadline })).sign(market().wallet(from));
  };

  it("posts in one transaction", async () => {
    const { client, accounts } = market();
    const from = accounts.developer.address;
    const terms = await market().terms();
    const permit = await permitted(terms.escrow, terms.bidDeadline);
    const { jobId = 0n } = await market().send(postJobWithPermit(client, { from, terms, permit }));
    await market().job(jobId, "open");
    expect((await client.balances(from)).allowances.market).toBe(0n);
  });

  it("refuses a permit for another sum, one that has run out, and one that was used", async () => {
    const { client, accounts } = market();
    const from = accounts.developer.address;
    const terms = await market().terms();
    const other = await permitted(OTT, terms.bidDeadline);
    await expect(postJobWithPermit(client, { from, terms, permit: other })).rejects.toThrow("The permit is for 1 OTT");
    const old = await permitted(terms.escrow, 1);
    await expect(postJobWithPermit(client, { from, terms, permit: old })).rejects.toThrow("or sign a permit");
    const permit = await permitted(terms.escrow, terms.bidDeadline);
    await market().send(postJobWithPermit(client, { from, terms, permit }));
    await expect(postJobWithPermit(client, { from, terms, permit })).rejects.toThrow("or sign a permit");
  });
});
