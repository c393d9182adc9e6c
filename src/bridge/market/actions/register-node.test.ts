import { describe, expect, it } from "vitest";
import { NEED, OFFER, OTT, useMarket } from "../testing/market";
import { registerNode } from "./register-node";
import { signWireGuardKey } from "./sign-wireguard-key";

describe("registerNode", () => {
  const market = useMarket();

  it("pledges stake and tells what the node offers", async () => {
    await market().register();
    const { node, delegate } = market().accounts;
    expect((await market().follow()).node(node.address)).toMatchObject({
      status: "active",
      capacity: OFFER,
      stake: 5_000n * OTT,
      delegate: delegate.address,
      keyEpoch: 1,
    });
  });

  it("is refused with the reason", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    const signing = await signWireGuardKey(client, { from, publicKey: `0x${"12".repeat(32)}` });
    expect(signing.describes).toContainEqual({ label: "Key number", value: "1" });
    const key = await signing.sign(market().wallet(from));
    const args = { from, capacity: NEED, stake: OTT, key };
    await expect(registerNode(client, args)).rejects.toThrow(
      /The stake would be 1 OTT, but .* needs 15.12 OTT. Add 14.12/,
    );
    const foreign = { ...key, publicKey: `0x${"34".repeat(32)}` } as const;
    await expect(registerNode(client, { ...args, stake: 100n * OTT, key: foreign })).rejects.toThrow(
      "was not signed by",
    );
    await expect(registerNode(client, { ...args, capacity: { ...NEED, millicores: 0 } })).rejects.toThrow(
      "at least one",
    );
    await expect(registerNode(client, { ...args, capacity: { ...NEED, gpus: 256 } })).rejects.toThrow("number of GPUs");
    await expect(registerNode(client, { ...args, stake: 100n * OTT, delegate: from })).rejects.toThrow(
      "delegate key is",
    );
    await market().register();
    await expect(registerNode(client, args)).rejects.toThrow("is registered already");
  });
});
