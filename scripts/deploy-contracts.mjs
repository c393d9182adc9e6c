// Deploys the market's contracts and writes where they are to contracts/deployments/<chain id>.json.
//   node scripts/deploy-contracts.mjs contracts/networks/devnet.json [--rpc http://127.0.0.1:8545]
// The deployer's key is read from the environment variable DEPLOYER_KEY. On the devnet it may be missing: then anvil's first account is used.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createPublicClient, createWalletClient, defineChain, getContractAddress, http } from "viem";
import { mnemonicToAccount, privateKeyToAccount } from "viem/accounts";
import { CONTRACTS, forge } from "./lib/foundry.mjs";
import { checkNetworkParameters, DEVNET, readNetworkParameters } from "./lib/network-parameters.mjs";
import { isMain, main } from "./lib/run.mjs";

/** Turns the decimal strings of a parameter file into integers. */
const integers = (group) =>
  Object.fromEntries(
    Object.entries(group).map(([name, value]) => [name, typeof value === "string" ? BigInt(value) : value]),
  );

async function artifact(name) {
  return JSON.parse(await readFile(join(CONTRACTS, "out", `${name}.sol`, `${name}.json`), "utf8"));
}

function deployer(chainId) {
  const key = process.env.DEPLOYER_KEY;
  if (key !== undefined && !/^0x[0-9a-fA-F]{64}$/.test(key)) {
    throw new Error("DEPLOYER_KEY is no private key: 0x and 64 hexadecimal digits are needed");
  }
  if (key === undefined && chainId !== DEVNET) {
    throw new Error(`DEPLOYER_KEY is not set; chain ${chainId} has no account that could be used instead`);
  }
  return key === undefined
    ? mnemonicToAccount("test test test test test test test test test test test junk")
    : privateKeyToAccount(key);
}

/** Compiles the contracts; nothing is done when nothing has changed. */
export async function buildContracts() {
  await forge(["build", "src"], { capture: true });
}

/**
 * Deploys all four contracts. Those that know one another get addresses that are computed before.
 *
 * @param {object} network a file of contracts/networks, parsed
 * @param {string} rpc URL of the chain node
 * @param {{ build?: boolean }} [options] `build: false`: the contracts have just been compiled
 * @returns {Promise<object>} addresses, chain id, and the block from which on their events are to be read
 * @throws {Error} when a parameter is missing or wrong, the node serves another chain, or a transaction fails
 */
export async function deployContracts(network, rpc, { build = true } = {}) {
  checkNetworkParameters(network, "the parameter file");
  if (build) {
    await buildContracts();
  }
  const account = deployer(network.chainId);
  const chain = defineChain({
    id: network.chainId,
    name: `chain ${network.chainId}`,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  const client = createPublicClient({ chain, transport: http(rpc), pollingInterval: 50 });
  const wallet = createWalletClient({ chain, account, transport: http(rpc) });
  const served = await client.getChainId();
  if (served !== network.chainId) {
    throw new Error(`${rpc} serves chain ${served}, the parameter file is for chain ${network.chainId}`);
  }

  let nonce = await client.getTransactionCount({ address: account.address });
  const at = (steps) => getContractAddress({ from: account.address, nonce: BigInt(nonce + steps) });
  const addresses = { token: at(0), registry: at(1), market: at(2), distribution: at(3) };
  const arbiter = network.arbiter ?? account.address;
  const steps = [
    ["OTT", [account.address, BigInt(network.token.supply)]],
    ["NodeRegistry", [addresses.token, addresses.market, integers(network.registry)]],
    ["ComputeMarket", [addresses.token, addresses.registry, addresses.distribution, integers(network.market)]],
    [
      "RewardDistribution",
      [addresses.token, addresses.registry, addresses.market, arbiter, integers(network.distribution)],
    ],
  ];
  let firstBlock;
  for (const [name, args] of steps) {
    const { abi, bytecode } = await artifact(name);
    const hash = await wallet.deployContract({ abi, bytecode: bytecode.object, args, nonce: nonce++ });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") {
      throw new Error(`the deployment of ${name} failed in transaction ${hash}`);
    }
    firstBlock ??= receipt.blockNumber;
  }
  return { chainId: network.chainId, block: Number(firstBlock), arbiter, ...addresses };
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { rpc: { type: "string", default: "http://127.0.0.1:8545" } },
    });
    const file = positionals[0];
    if (file === undefined) {
      throw new Error("name the parameter file, for example contracts/networks/devnet.json");
    }
    const network = await readNetworkParameters(resolve(file));
    const deployment = await deployContracts(network, values.rpc);
    const directory = join(CONTRACTS, "deployments");
    await mkdir(directory, { recursive: true });
    const target = join(directory, `${network.chainId}.json`);
    await writeFile(target, `${JSON.stringify(deployment, null, 2)}\n`);
    console.log(`${JSON.stringify(deployment, null, 2)}\nwritten to ${target}`);
  });
}
