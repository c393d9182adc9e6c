import { describe, expect, it } from "vitest";
import { claimed, entry, leafOf } from "../testing/claims";
import { RATE, SPEC_CID, useMarket } from "../testing/market";
import { submitProof } from "./submit-proof";

describe("submitProof", () => {
  const market = useMarket();

  it("claims what the log shows", async () => {
    const jobId = await claimed(market(), 600);
    const { claim } = await market().job(jobId, "claimed");
    expect(claim).toMatchObject({ amount: 600n * RATE, logCid: SPEC_CID, last: { usedSeconds: 600, jobId } });
    expect(claim.disputableUntil).toBe(claim.claimedAt + 172_800);
  });

  it("is refused with the reason", async () => {
    const { client, accounts } = market();
    const jobId = await market().running();
    const last = entry(jobId, 600);
    const args = { from: accounts.node.address, jobId, root: leafOf(last), logCid: SPEC_CID, last, proof: [] };
    await expect(submitProof(client, args)).rejects.toThrow("too early");
    await market().passSeconds(7_201);
    await expect(submitProof(client, { ...args, root: leafOf(entry(jobId, 1)) })).rejects.toThrow("The Merkle proof");
    await expect(submitProof(client, { ...args, last: entry(99n, 600) })).rejects.toThrow("belongs to job 99");
    const much = entry(jobId, 7_000);
    await expect(submitProof(client, { ...args, root: leafOf(much), last: much })).rejects.toThrow(
      "7000 seconds of use are more than the 3600 seconds",
    );
    await expect(submitProof(client, { ...args, logCid: "Qm" })).rejects.toThrow(/The log's CID "Qm" is no content/);
  });
});
