import { describe, expect, it } from "vitest";
import { OTT, useMarket } from "../testing/market";
import { signPermit } from "./sign-permit";

describe("signPermit", () => {
  const market = useMarket();

  it("shows what may be taken, by whom, and until when", async () => {
    const { client, accounts, network } = market();
    const signing = await signPermit(client, {
      from: accounts.developer.address,
      value: 2n * OTT,
      deadline: 1_900_000_000,
    });
    expect(signing.describes).toEqual([
      { label: "May be taken", value: "2 OTT" },
      { label: "By", value: `the compute market, ${network.addresses.market}` },
      { label: "Until", value: "2030-03-17 17:46:40 UTC" },
      { label: "Network", value: "devnet (chain 31337)" },
    ]);
    expect(signing.typedData.domain).toMatchObject({ chainId: 31_337, verifyingContract: network.addresses.token });
  });

  it("asks no wallet of another account", async () => {
    const { client, accounts } = market();
    const signing = await signPermit(client, { from: accounts.developer.address, value: OTT, deadline: 1_900_000_000 });
    await expect(signing.sign(market().wallet(accounts.node.address))).rejects.toMatchObject({ code: "wrong-account" });
  });
});
