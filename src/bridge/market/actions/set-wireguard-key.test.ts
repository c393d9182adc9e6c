import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { setWireGuardKey } from "./set-wireguard-key";
import { signWireGuardKey } from "./sign-wireguard-key";

describe("setWireGuardKey", () => {
  const market = useMarket((each) => each.register());

  it("binds the next key, once", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    const publicKey = `0x${"56".repeat(32)}` as const;
    const key = await (await signWireGuardKey(client, { from, publicKey })).sign(market().wallet(from));
    await market().send(setWireGuardKey(client, { from, key }));
    expect((await market().follow()).node(from)).toMatchObject({ wireGuardKey: publicKey, keyEpoch: 2 });
    await expect(setWireGuardKey(client, { from, key })).rejects.toThrow("The WireGuard key number 3 was not signed");
  });

  it("refuses a key of another length", async () => {
    const from = market().accounts.node.address;
    await expect(signWireGuardKey(market().client, { from, publicKey: "0x12" })).rejects.toThrow("has not 32 bytes");
  });
});
