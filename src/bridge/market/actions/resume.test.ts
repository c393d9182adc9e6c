import { describe, expect, it } from "vitest";
import { useMarket } from "../testing/market";
import { pause } from "./pause";
import { resume } from "./resume";

describe("resume", () => {
  const market = useMarket((each) => each.register());

  it("takes jobs again", async () => {
    const { client, accounts } = market();
    const node = accounts.node.address;
    await market().send(pause(client, { from: node, node }));
    await market().send(resume(client, { from: node, node }));
    expect((await market().follow()).node(node)?.status).toBe("active");
    await market().bid(await market().post());
  });
});
