import { describe, expect, it } from "vitest";
import { parseNetworks } from "./network";

const GOOD = {
  chainId: 11_155_111,
  rpcUrl: "https://rpc.example.org/v1",
  wsUrl: "wss://rpc.example.org/v1",
  block: 12,
  token: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
  registry: "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512",
  market: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0",
  distribution: "0xCf7Ed3AccA5a467e9e704C703E8D87F634fB0Fc9",
};

describe("parseNetworks", () => {
  it("takes a file of contracts/deployments and the URLs", () => {
    const { networks, problems } = parseNetworks({ sepolia: { ...GOOD, arbiter: GOOD.token } });
    expect(problems).toEqual([]);
    expect(networks).toMatchObject([
      { name: "sepolia", chainId: 11_155_111, deploymentBlock: 12n, isDevnet: false, currency: "ETH" },
    ]);
  });

  it("is empty without a setting", () => {
    expect(parseNetworks(undefined)).toEqual({ networks: [], problems: [] });
  });

  it("knows a devnet by its chain", () => {
    expect(parseNetworks({ here: { ...GOOD, chainId: 31_337 } }).networks[0]?.isDevnet).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ["a list", [], "zlayer.market.networks must be an object whose keys are names of networks, but is []"],
    ["a network that is none", { a: 1 }, "zlayer.market.networks.a must be an object, but is 1"],
    [
      "no chain",
      { a: { ...GOOD, chainId: undefined } },
      "a.chainId must be a whole number of at least 1, but is missing",
    ],
    [
      "a chain in words",
      { a: { ...GOOD, chainId: "1" } },
      'a.chainId must be a whole number of at least 1, but is "1"',
    ],
    [
      "a socket for HTTP",
      { a: { ...GOOD, rpcUrl: "ws://x" } },
      "a.rpcUrl must be a URL that begins with http:// or https://",
    ],
    [
      "HTTP for a socket",
      { a: { ...GOOD, wsUrl: "http://x" } },
      "a.wsUrl must be a URL that begins with ws:// or wss://",
    ],
    [
      "no address",
      { a: { ...GOOD, market: "0x12" } },
      'a.market must be an address (0x and 40 hexadecimal digits), but is "0x12"',
    ],
    [
      "an address with a typing error",
      { a: { ...GOOD, market: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6E0" } },
      "a.market must be an address whose capitals are right",
    ],
    ["zero", { a: { ...GOOD, token: `0x${"0".repeat(40)}` } }, "a.token must be the address of a contract, not zero"],
    ["a field that nobody knows", { a: { ...GOOD, rpc: "x" } }, "a.rpc is not known; there are chainId, rpcUrl"],
  ])("refuses %s", (_what, value, message) => {
    const { networks, problems } = parseNetworks(value);
    expect(networks).toEqual([]);
    expect(problems.map((problem) => `${problem.path} ${problem.message}`).join("\n")).toContain(message);
  });

  it("keeps the other networks", () => {
    const { networks, problems } = parseNetworks({ bad: {}, good: GOOD });
    expect(networks.map(({ name }) => name)).toEqual(["good"]);
    expect(problems.every(({ path }) => path.startsWith("zlayer.market.networks.bad."))).toBe(true);
  });
});
