// Throughput and latency of the mesh beside wireguard-go and the bare veth pair below both, between two network namespaces as hosts.
//   node test/bench/mesh.mjs [ROUNDS] [SECONDS]
// Needs root, and the packages of `node scripts/bootstrap.mjs --bench`. The three take turns in every round; medians are printed.
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { CARGO_ENV, CARGO_TARGET, ROOT } from "../../scripts/lib/paths.mjs";
import { main, run } from "../../scripts/lib/run.mjs";
import { wireguardGo } from "../../scripts/wireguard-go.mjs";
import { withDirectory } from "./support.mjs";

const PORT = 51_820;
const RANGE = "10.78.0.0/16";
const MTU = "1420";

const quiet = { capture: true };
const hosts = [1, 2].map((number) => ({
  netns: `zb${process.pid}h${number}`,
  link: `zb${process.pid % 100_000}w${number}`,
  outer: `192.168.78.${number}`,
  inner: `10.78.${number}.1`,
}));
const [near, far] = hosts;

const ip = (...args) => run("ip", args, quiet);
const inside = ({ netns }, ...args) => ["netns", "exec", netns, ...args];

async function withHosts(work) {
  try {
    for (const { netns } of hosts) {
      await ip("netns", "add", netns);
    }
    await ip("-n", near.netns, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", far.netns);
    for (const { netns, outer } of hosts) {
      await ip("-n", netns, "addr", "add", `${outer}/24`, "dev", "eth0");
      await ip("-n", netns, "link", "set", "eth0", "up");
      await ip("-n", netns, "link", "set", "lo", "up");
    }
    return await work();
  } finally {
    for (const { netns } of hosts) {
      await ip("netns", "del", netns).catch(() => {});
    }
  }
}

/** Starts a program in a host; `stop` ends it and waits for that. */
function start(host, program, args, options = {}) {
  const child = spawn("ip", inside(host, program, ...args), { stdio: ["pipe", "pipe", "ignore"], ...options });
  const ended = once(child, "exit");
  return {
    child,
    stop: async (signal) => {
      child.stdin.end();
      if (signal) {
        child.kill(signal);
      }
      await ended;
    },
  };
}

/** Waits until a started program says that it listens. */
async function listening({ child }) {
  for await (const text of child.stdout) {
    if (String(text).includes("listening")) {
      return;
    }
  }
  throw new Error(`'${child.spawnargs.join(" ")}' ended before it listened`);
}

/** Waits for one answered ping. */
const reached = (address) => ip(...inside(near, "ping", "-q", "-c", "1", "-w", "20", address));

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Gbit/s of one TCP connection, of four, and microseconds there and back. */
async function measure(address, seconds) {
  const server = start(far, "iperf3", ["-s", "-B", address, "--forceflush"]);
  try {
    await listening(server);
    const flood = await run("ip", inside(near, "ping", "-q", "-i", "0.002", "-c", "1000", address), quiet);
    const microseconds = Number(/= [\d.]+\/([\d.]+)\//.exec(flood)?.[1]) * 1000;
    const throughput = async (connections) => {
      const client = ["iperf3", "-J", "-c", address, "-t", String(seconds), "-O", "1", "-P", String(connections)];
      const result = JSON.parse(await run("ip", inside(near, ...client), quiet));
      return result.end.sum_received.bits_per_second / 1e9;
    };
    return { one: await throughput(1), four: await throughput(4), microseconds };
  } finally {
    await server.stop("SIGTERM");
  }
}

async function bare(seconds) {
  await reached(far.outer);
  return measure(far.outer, seconds);
}

async function ours(binary, directory, seconds) {
  const secret = ({ link }) => join(directory, link);
  const common = (host) => [host.link, host.inner, RANGE, String(PORT), MTU, secret(host)];
  const [nearKey, farKey] = await Promise.all(
    hosts.map(async (host) => (await run(binary, common(host), quiet)).trim()),
  );
  const node = (host, key, peer) => {
    const network = peer.inner.replace(/\.1$/, ".0/24");
    return start(host, binary, [...common(host), key, `${peer.outer}:${PORT}`, network]);
  };
  const nodes = [node(near, farKey, far), node(far, nearKey, near)];
  try {
    await Promise.all(nodes.map(listening));
    await reached(far.inner);
    return await measure(far.inner, seconds);
  } finally {
    await Promise.all(nodes.map((one) => one.stop()));
  }
}

function keyPair() {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  const hex = (part) => Buffer.from(part ?? "", "base64url").toString("hex");
  return { public: hex(publicKey.export({ format: "jwk" }).x), secret: hex(privateKey.export({ format: "jwk" }).d) };
}

async function configure(link, text) {
  const path = `/var/run/wireguard/${link}.sock`;
  while (!existsSync(path)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const socket = connect(path);
  socket.write(`set=1\n${text}\n\n`);
  const [answer] = await once(socket, "data");
  socket.destroy();
  if (!String(answer).startsWith("errno=0")) {
    throw new Error(`wireguard-go refused its configuration: ${answer}`);
  }
}

async function theirs(binary, seconds) {
  const keys = [keyPair(), keyPair()];
  const nodes = hosts.map((host) =>
    start(host, binary, ["-f", host.link], { env: { ...process.env, LOG_LEVEL: "error" } }),
  );
  try {
    for (const [number, host] of hosts.entries()) {
      const peer = hosts[1 - number];
      const network = peer.inner.replace(/\.1$/, ".0/24");
      const own = `private_key=${keys[number].secret}\nlisten_port=${PORT}`;
      const other = `public_key=${keys[1 - number].public}\nendpoint=${peer.outer}:${PORT}\nallowed_ip=${network}`;
      await configure(host.link, `${own}\n${other}`);
      await ip("-n", host.netns, "addr", "add", `${host.inner}/32`, "dev", host.link);
      await ip("-n", host.netns, "link", "set", host.link, "mtu", MTU, "up");
      await ip("-n", host.netns, "route", "add", RANGE, "dev", host.link);
    }
    await reached(far.inner);
    return await measure(far.inner, seconds);
  } finally {
    await Promise.all(nodes.map((one) => one.stop("SIGTERM")));
    await Promise.all(hosts.map(({ link }) => rm(`/var/run/wireguard/${link}.sock`, { force: true })));
  }
}

await main(async () => {
  const rounds = Number(process.argv[2] ?? 5);
  const seconds = Number(process.argv[3] ?? 5);
  const build = ["build", "--quiet", "--locked", "--release", "--package", "sidecar-mesh", "--example", "node"];
  await run("cargo", build, { cwd: join(ROOT, "runtime-sidecar"), env: CARGO_ENV });
  const binary = join(CARGO_TARGET, "release", "examples", "node");
  const other = await wireguardGo();
  const results = { "bare veth": [], "wireguard-go": [], mesh: [] };
  await withDirectory((directory) =>
    withHosts(async () => {
      for (let round = 0; round < rounds; round += 1) {
        results["bare veth"].push(await bare(seconds));
        results["wireguard-go"].push(await theirs(other, seconds));
        results.mesh.push(await ours(binary, directory, seconds));
      }
    }),
  );
  const of = (name, what) => median(results[name].map((result) => result[what]));
  console.log("                 1 connection        4 connections       there and back");
  for (const name of Object.keys(results)) {
    const rate = (what) => {
      const ratio = (of(name, what) / of("wireguard-go", what)).toFixed(2);
      return `${of(name, what).toFixed(2).padStart(6)} Gbit/s ${ratio.padStart(5)}`;
    };
    console.log(
      `${name.padEnd(14)} ${rate("one")} ${rate("four")} ${of(name, "microseconds").toFixed(0).padStart(7)} µs`,
    );
  }
});
