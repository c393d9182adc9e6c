import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONTRACTS } from "./foundry.mjs";
import { checkNetworkParameters, readNetworkParameters } from "./network-parameters.mjs";
import { ROOT } from "./paths.mjs";

const devnet = JSON.parse(await readFile(join(CONTRACTS, "networks", "devnet.json"), "utf8"));
const check = (change) => () => checkNetworkParameters({ ...devnet, ...change }, "x.json");

describe("parameters of a network", () => {
  it("are complete in every file that is committed, but for an arbiter that only its user can name", async () => {
    const arbiter = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
    for (const name of await readdir(join(CONTRACTS, "networks"))) {
      const network = JSON.parse(await readFile(join(CONTRACTS, "networks", name), "utf8"));
      expect(checkNetworkParameters({ ...network, arbiter }, name)).toMatchObject({ chainId: network.chainId });
    }
    expect(checkNetworkParameters(devnet, "devnet.json")).toBe(devnet);
  });

  it("need an arbiter on every chain but the devnet", () => {
    expect(check({ chainId: 11155111 })).toThrow(
      /x\.json cannot be used.*\n.*"arbiter" is null: put the address there/,
    );
    expect(check({ arbiter: undefined })).toThrow('"arbiter" is missing');
    expect(check({ arbiter: "0x12" })).toThrow('"arbiter" must be an address, but is "0x12"');
    expect(check({ arbiter: `0x${"0".repeat(40)}` })).toThrow('"arbiter" must be an address');
  });

  it("name every field that is missing, unknown or wrong", () => {
    const { feeBps, ...market } = devnet.market;
    expect(check({ market })).toThrow('"market.feeBps" is missing');
    expect(check({ market: { ...devnet.market, feeBps: 10_001 } })).toThrow(
      `"market.feeBps" must be a whole number from 0 to 10000, but is 10001`,
    );
    expect(check({ market: { ...devnet.market, fee: feeBps } })).toThrow('"market.fee" is no parameter');
    expect(check({ token: { supply: 1e26 } })).toThrow(/"token.supply" must be a whole number .*, in quotes/);
    expect(check({ token: { supply: String(2n ** 96n) } })).toThrow('"token.supply"');
    expect(check({ registry: { ...devnet.registry, unbondingDelay: "1 day" } })).toThrow('"registry.unbondingDelay"');
    expect(check({ distribution: undefined, chainId: 0, arbiter: undefined })).toThrow(
      /"chainId" must be a whole number from 1, but is 0\n {2}"arbiter" is missing\n {2}"distribution" is missing/,
    );
    expect(check({ owner: "0x1" })).toThrow('"owner" is no parameter');
    expect(() => checkNetworkParameters([], "x.json")).toThrow("x.json must hold an object");
  });

  describe("in a file", () => {
    let directory = "";
    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), "zlayer-network-"));
    });
    afterEach(() => rm(directory, { recursive: true }));

    it("that is not there or no JSON are refused by name", async () => {
      const file = join(directory, "broken.json");
      await expect(readNetworkParameters(file)).rejects.toThrow(`${file} cannot be read (ENOENT)`);
      await writeFile(file, "{");
      await expect(readNetworkParameters(file)).rejects.toThrow(`${file} is no JSON`);
    });
  });

  it("of Sepolia are refused by the deployment until somebody names the arbiter", async () => {
    const file = join(CONTRACTS, "networks", "sepolia.json");
    const run = promisify(execFile)(process.execPath, [join(ROOT, "scripts", "deploy-contracts.mjs"), file]);
    const { stderr, code } = await run.catch((error) => error);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file} cannot be used; nothing was deployed:\n  "arbiter" is null`);
  });
});
