import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { cancel } from "./cancel";

describe("cancel", () => {
  const market = useMarket();

  it("gives the escrow back to the developer", async () => {
    const { client, accounts } = market();
    const before = await market().balance(accounts.developer.address);
    const jobId = await market().post();
    await market().send(cancel(client, { from: accounts.developer.address, jobId }));
    expect(await market().balance(accounts.developer.address)).toBe(before);
    await market().job(jobId, "cancelled");
  });

  it("is the developer's alone", async () => {
    const { client, accounts } = market();
    const jobId = await market().post();
    await expect(cancel(client, { from: accounts.stranger.address, jobId })).rejects.toThrow(
      /Only the job's developer may do this.*NotDeveloper\(caller/,
    );
  });

  it("names a job that does not exist", async () => {
    const { client, accounts } = market();
    await expect(cancel(client, { from: accounts.developer.address, jobId: 99n })).rejects.toThrow(
      "Only the job's developer",
    );
  });
});
