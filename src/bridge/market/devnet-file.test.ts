import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { devnetDirectory, devnetFile, loadNetworks } from "./devnet-file";

const FIELDS = {
  chainId: 31_337,
  rpcUrl: "http://127.0.0.1:8545",
  block: 1,
  token: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
  registry: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
  market: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
  distribution: "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
};

describe("loadNetworks", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "zlayer-devnet-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("finds the devnet of this machine beside those of the settings", async () => {
    const file = devnetFile(directory);
    await writeFile(file, JSON.stringify(FIELDS));
    const { networks } = await loadNetworks({ other: { ...FIELDS, chainId: 5 } }, file);
    expect(networks.map(({ name }) => name)).toEqual(["devnet", "other"]);
  });

  it("lets the settings say where the devnet is", async () => {
    const file = devnetFile(directory);
    await writeFile(file, JSON.stringify(FIELDS));
    const { networks } = await loadNetworks({ devnet: { ...FIELDS, rpcUrl: "http://192.0.2.1:1" } }, file);
    expect(networks.map(({ rpcUrl }) => rpcUrl)).toEqual(["http://192.0.2.1:1"]);
  });

  it("has no devnet where none was made, and says what is wrong with a damaged file", async () => {
    const file = devnetFile(directory);
    expect(await loadNetworks(undefined, file)).toEqual({ networks: [], problems: [] });
    await writeFile(file, "{");
    const { problems } = await loadNetworks(undefined, file);
    expect(problems).toEqual([{ path: file, message: expect.stringContaining('run "npm run devnet -- --reset"') }]);
  });

  it("is in the user's data directory", () => {
    expect(devnetDirectory({ XDG_DATA_HOME: "/data" })).toBe("/data/zlayer-devnet");
    expect(devnetDirectory({ XDG_DATA_HOME: "relative" })).toMatch(/\.local\/share\/zlayer-devnet$/);
  });
});
