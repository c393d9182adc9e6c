import { describe, expect, it } from "vitest";
import { claimed } from "../testing/claims";
import { OTT, SPEC_CID, useMarket } from "../testing/market";
import { bondOf, dispute } from "./dispute";
import { revoke } from "./revoke";

describe("dispute", () => {
  const market = useMarket();

  it("bonds the developer and waits for the arbiter", async () => {
    const { client, accounts } = market();
    const jobId = await claimed(market(), 600);
    expect(await bondOf(client, jobId)).toBe(10n * OTT);
    await market().send(dispute(client, { from: accounts.developer.address, jobId, evidenceCid: SPEC_CID }));
    expect((await market().job(jobId, "disputed")).dispute).toMatchObject({ bond: 10n * OTT, evidenceCid: SPEC_CID });
  });

  it("needs an allowance, and says for how much", async () => {
    const { client, accounts } = market();
    const jobId = await claimed(market(), 600);
    const from = accounts.developer.address;
    await market().send(revoke(client, { from, spender: "distribution" }));
    await expect(dispute(client, { from, jobId, evidenceCid: SPEC_CID })).rejects.toThrow("Approve 10 OTT");
  });

  it("is refused after the window", async () => {
    const { client, accounts } = market();
    const jobId = await claimed(market(), 600);
    await market().passSeconds(172_802);
    await expect(dispute(client, { from: accounts.developer.address, jobId, evidenceCid: SPEC_CID })).rejects.toThrow(
      "too late",
    );
  });
});
