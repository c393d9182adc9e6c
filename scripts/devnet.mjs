// A market on a chain of one's own: anvil with the contracts, accounts with money, and two nodes with stake.
//   npm run devnet [-- --port 8545] [-- --state DIR] [-- --reset]
// The chain is kept between runs in the state directory. Ctrl-C ends it.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { access, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createTestClient, createWalletClient, http } from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { bootstrap } from "./bootstrap.mjs";
import { buildContracts, deployContracts } from "./deploy-contracts.mjs";
import { CONTRACTS, foundryProgram } from "./lib/foundry.mjs";
import { main } from "./lib/run.mjs";
import { importTypeScript } from "./lib/typescript.mjs";

/** The phrase of anvil's own accounts, which everybody knows. They are worthless, and must stay so. */
const MNEMONIC = "test test test test test test test test test test test junk";
const OTT = 10n ** 18n;

/** Who has which of the phrase's accounts, and how much OTT. */
const ACCOUNTS = [
  { name: "arbiter", index: 0, ott: 0n, about: "deployed the contracts, decides disputes, holds the rest of the OTT" },
  { name: "developer", index: 1, ott: 100_000n, about: "posts jobs" },
  { name: "operator A", index: 2, ott: 50_000n, about: "serves a node of 8 cores in Germany" },
  { name: "operator B", index: 3, ott: 50_000n, about: "serves a node with 2 GPUs in France" },
  { name: "delegate A", index: 4, ott: 0n, about: "works unattended for operator A" },
  { name: "delegate B", index: 5, ott: 0n, about: "works unattended for operator B" },
];

/** The sample nodes: capacities, and which accounts they belong to. */
const NODES = [
  {
    operator: 2,
    delegate: 4,
    capacity: { millicores: 8_000, mebibytes: 16_384, gpus: 0, region: 276, labels: 0b00101 },
    gpu: "",
  },
  {
    operator: 3,
    delegate: 5,
    capacity: { millicores: 16_000, mebibytes: 65_536, gpus: 2, region: 250, labels: 0b10111 },
    gpu: "nvidia a100 80gb",
  },
];

const accountOf = (index) => mnemonicToAccount(MNEMONIC, { addressIndex: index });
const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

/** @throws {Error} when somebody listens on the port */
async function requireFreePort(port) {
  const server = createServer();
  const listening = once(server, "listening");
  server.listen(port, "127.0.0.1");
  await listening.catch((error) => {
    throw error.code === "EADDRINUSE"
      ? new Error(`port ${port} is in use: is a devnet running already? Otherwise choose another one with --port`)
      : error;
  });
  server.close();
  await once(server, "close");
}

/** What the compiled contracts are, so that a chain with older ones is noticed. */
async function fingerprint() {
  const hash = createHash("sha256");
  for (const name of ["OTT", "NodeRegistry", "ComputeMarket", "RewardDistribution"]) {
    const { bytecode } = JSON.parse(await readFile(join(CONTRACTS, "out", `${name}.sol`, `${name}.json`), "utf8"));
    hash.update(bytecode.object);
  }
  hash.update(await readFile(join(CONTRACTS, "networks", "devnet.json")));
  return hash.digest("hex");
}

/** Starts anvil. It is in a process group of its own: Ctrl-C must not reach it before this script asks it to end. */
async function startAnvil(port, state) {
  const args = ["--port", String(port), "--state", state, "--state-interval", "30"];
  const anvil = spawn(foundryProgram("anvil"), args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  const ended = once(anvil, "exit");
  const listens = (async () => {
    for await (const line of createInterface({ input: anvil.stdout })) {
      const found = /Listening on [^:]+:(\d+)/.exec(line);
      if (found) {
        anvil.stdout.resume();
        return Number(found[1]);
      }
    }
    throw new Error("anvil ended before it listened");
  })();
  return { anvil, ended, port: await listens };
}

/** Deploys, hands out OTT and registers the nodes. @returns fields of the network file */
async function setUp(market, rpcUrl, wsUrl) {
  const parameters = JSON.parse(await readFile(join(CONTRACTS, "networks", "devnet.json"), "utf8"));
  const deployment = await deployContracts(parameters, rpcUrl, { build: false });
  const fields = { ...deployment, rpcUrl, wsUrl };
  const { network } = market.parseNetwork("devnet", fields, "devnet");
  const client = market.createMarketClient({ network });
  client.chain.pollingInterval = 20;
  const walletOf = (account) =>
    createWalletClient({ account, chain: market.chainOf(network), transport: http(rpcUrl) });
  const send = async (index, preparing) => {
    const sent = await (await preparing).send(walletOf(accountOf(index)));
    const outcome = await sent.wait();
    if (outcome.kind !== "confirmed") {
      throw new Error(`a transaction of the devnet's accounts was ${outcome.kind}: ${outcome.reason ?? outcome.hash}`);
    }
  };
  for (const { index, ott } of ACCOUNTS) {
    if (ott > 0n) {
      const [from, to] = [accountOf(0).address, accountOf(index).address];
      await send(0, market.transfer(client, { from, to, sum: ott * OTT }));
    }
  }
  const prices = await client.parameters();
  for (const { operator, delegate, capacity: offered, gpu } of NODES) {
    const account = accountOf(operator);
    const from = account.address;
    const capacity = { ...offered, gpuModel: market.gpuModelCode(gpu) };
    // More than is needed, so that jobs can hold some of it.
    const stake = 4n * market.requiredStake(capacity, prices);
    await send(operator, market.approve(client, { from, spender: "registry", sum: stake }));
    const publicKey = `0x${randomBytes(32).toString("hex")}`;
    const key = await (await market.signWireGuardKey(client, { from, publicKey })).sign(walletOf(account));
    const args = { from, capacity, stake, delegate: accountOf(delegate).address, key };
    await send(operator, market.registerNode(client, args));
  }
  await client.dispose();
  return fields;
}

function describe(file, rpcUrl, fields) {
  const rows = ACCOUNTS.map(({ name, index, about }) => {
    const key = `0x${Buffer.from(accountOf(index).getHdKey().privateKey).toString("hex")}`;
    return `  ${name.padEnd(11)} ${accountOf(index).address}  ${about}\n              key ${key}`;
  });
  return [
    "",
    `The devnet runs at ${rpcUrl} (chain ${fields.chainId}), a block each second. Ctrl-C ends it; its state is kept.`,
    "",
    "Accounts (everybody knows their keys: never send them anything of worth):",
    ...rows,
    "",
    `Contracts: token ${fields.token}`,
    `           registry ${fields.registry}`,
    `           market ${fields.market}`,
    `           distribution ${fields.distribution}`,
    "",
    `The extension finds the network "devnet" by itself, in ${file}.`,
    'Choose it with the setting "zlayer.market.network". Another wallet needs the URL, the chain id and one of the keys.',
    "",
  ].join("\n");
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "8545" },
      state: { type: "string" },
      reset: { type: "boolean", default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a number from 0 to 65535, but is ${values.port}`);
  }
  await bootstrap([]);
  if (port !== 0) {
    await requireFreePort(port);
  }
  await buildContracts();
  const market = await importTypeScript("src/bridge/market/index.ts");
  const directory = values.state === undefined ? market.devnetDirectory() : resolve(values.state);
  const file = market.devnetFile(directory);
  const [state, print] = [join(directory, "anvil.json"), join(directory, "contracts.sha256")];
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const contracts = await fingerprint();
  const isKept = (await exists(file)) && (await exists(state));
  const isSame = isKept && (await readFile(print, "utf8").catch(() => "")) === contracts;
  if (isKept && !isSame && !values.reset) {
    console.log("The contracts have changed since the last run: the devnet starts anew.");
  }
  if (values.reset || !isSame) {
    await Promise.all([file, state, print].map((path) => rm(path, { force: true })));
  }

  const { anvil, ended, port: listening } = await startAnvil(port, state);
  const end = () => anvil.kill("SIGINT");
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  try {
    const [rpcUrl, wsUrl] = [`http://127.0.0.1:${listening}`, `ws://127.0.0.1:${listening}`];
    const kept = isSame && !values.reset ? JSON.parse(await readFile(file, "utf8")) : undefined;
    const fields = kept === undefined ? await setUp(market, rpcUrl, wsUrl) : { ...kept, rpcUrl, wsUrl };
    const test = createTestClient({ mode: "anvil", transport: http(rpcUrl) });
    await test.setAutomine(false);
    await test.setIntervalMining({ interval: 1 });
    await writeFile(file, `${JSON.stringify(fields, null, 2)}\n`, { mode: 0o600 });
    await writeFile(print, contracts, { mode: 0o600 });
    console.log(describe(file, rpcUrl, fields));
  } catch (error) {
    end();
    await ended;
    throw error;
  }
  const [code, signal] = await ended;
  if (code !== 0 && signal !== "SIGINT") {
    throw new Error(`anvil ended with ${signal ?? code}`);
  }
  console.log("The devnet has ended; its state is kept.");
});
