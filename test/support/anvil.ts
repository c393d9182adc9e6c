// The devnet's node, for tests.
import type { ChildProcess } from "node:child_process";
import { createTestClient, http, publicActions, type TestClient } from "viem";
import { foundry } from "viem/chains";
import { foundryProgram } from "../../scripts/lib/foundry.mjs";
import { endServer, startServer } from "../integration/support/process";

export class Anvil {
  private constructor(
    readonly url: string,
    readonly chainId: number,
    readonly client: ReturnType<typeof clientOf>,
    private readonly child: ChildProcess,
  ) {}

  /** @param args further arguments of anvil */
  static async start(chainId = 31337, ...args: string[]): Promise<Anvil> {
    const { child, found } = await startServer(
      foundryProgram("anvil"),
      ["--port", "0", "--host", "127.0.0.1", "--chain-id", String(chainId), ...args],
      /Listening on (127\.0\.0\.1:\d+)/,
    );
    const url = `http://${found}`;
    return new Anvil(url, chainId, clientOf(url), child);
  }

  async stop(): Promise<void> {
    await endServer(this.child);
  }
}

function clientOf(url: string) {
  const client: TestClient = createTestClient({
    chain: foundry,
    mode: "anvil",
    transport: http(url),
    pollingInterval: 50,
  });
  return client.extend(publicActions);
}
