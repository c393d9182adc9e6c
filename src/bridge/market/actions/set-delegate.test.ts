import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { setDelegate } from "./set-delegate";

describe("setDelegate", () => {
  const market = useMarket((each) => each.register());

  it("sets and removes the key", async () => {
    const { client, accounts } = market();
    const from = accounts.node.address;
    await market().send(setDelegate(client, { from, delegate: accounts.stranger.address }));
    expect((await market().follow()).node(from)).toMatchObject({ delegate: accounts.stranger.address });
    await market().send(setDelegate(client, { from, delegate: undefined }));
    expect((await market().follow()).node(from)).not.toHaveProperty("delegate");
    await expect(setDelegate(client, { from, delegate: from })).rejects.toThrow("The delegate key is the node's own");
  });
});
