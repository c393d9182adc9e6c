// A real IPFS node on loopback, alone unless a test connects it to another.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type KuboRPCClient } from "kubo-rpc-client";
import { kubo } from "../../../scripts/lib/kubo.mjs";
import { run } from "../../../scripts/lib/run.mjs";
import { endServer, startServer } from "./process";

/** No bootstrap nodes, no discovery, no telemetry: nothing leaves this machine. */
const ALONE = {
  Addresses: { API: "/ip4/127.0.0.1/tcp/0", Gateway: "/ip4/127.0.0.1/tcp/0", Swarm: ["/ip4/127.0.0.1/tcp/0"] },
  AutoConf: { Enabled: false },
  AutoTLS: { Enabled: false },
  Bootstrap: [],
  DNS: { Resolvers: {} },
  Discovery: { MDNS: { Enabled: false } },
  Ipns: { DelegatedPublishers: [] },
  Plugins: { Plugins: { telemetry: { Config: { Mode: "off" } } } },
  Routing: { Type: "none", DelegatedRouters: [] },
};

export class Kubo {
  readonly client: KuboRPCClient;

  private constructor(
    /** Of its RPC. */
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {
    this.client = create({ url: `${url}/api/v0` });
  }

  /** @param settings top-level sections of kubo's configuration, beside those that keep it alone */
  static async start(settings: Readonly<Record<string, unknown>> = {}): Promise<Kubo> {
    const binary = await kubo();
    const directory = await mkdtemp(join(tmpdir(), "zl-kubo-"));
    await run(binary, ["--repo-dir", directory, "init", "--profile", "test", "--empty-repo"], { capture: true });
    const file = join(directory, "config");
    const config = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...config, ...ALONE, ...settings }));
    const ready = /RPC API server listening on \/ip4\/127\.0\.0\.1\/tcp\/(\d+)[\s\S]*Daemon is ready/;
    const { child, found } = await startServer(binary, ["--repo-dir", directory, "daemon"], ready);
    return new Kubo(`http://127.0.0.1:${found}`, child, directory);
  }

  /** Lets both exchange content. */
  async connect(other: Kubo): Promise<void> {
    const { addresses } = await other.client.id();
    const [address] = addresses.filter((candidate) => candidate.toString().startsWith("/ip4/127.0.0.1/tcp/"));
    if (address === undefined) {
      throw new Error(`the node listens nowhere on loopback: ${addresses.join(", ")}`);
    }
    await this.client.swarm.connect(address);
  }

  async stop(): Promise<void> {
    await endServer(this.child);
    await rm(this.directory, { recursive: true, force: true });
  }
}
