// WalletConnect as the package ships it: bundled, in pieces, as CommonJS.
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitCjs } from "../../scripts/lib/split-cjs.mjs";
import { walletConnect } from "../../scripts/walletconnect/aliases.mjs";
import { MemorySecrets } from "../../src/bridge/wallet/secret-store";
import { SessionStorage } from "../../src/bridge/wallet/session-storage";
import { parsePairingUri } from "../../src/bridge/wallet/wallet-link";
import { TestRelay } from "../support/relay";

let outdir: string;
let relay: TestRelay;

beforeAll(async () => {
  relay = await TestRelay.start();
  outdir = await mkdtemp(join(tmpdir(), "zlayer-wallet-"));
  await build({
    entryPoints: { walletconnect: "src/bridge/wallet/walletconnect.ts" },
    bundle: true,
    minify: true,
    platform: "node",
    target: "node20",
    outdir,
    alias: walletConnect,
    plugins: [splitCjs()],
    logLevel: "error",
  });
});

afterAll(async () => {
  await relay?.stop();
  await rm(outdir, { recursive: true, force: true });
});

test("the bundled protocol offers a session on the relay", async () => {
  type Module = typeof import("../../src/bridge/wallet/walletconnect");
  const { WalletConnect } = createRequire(import.meta.url)(join(outdir, "walletconnect.js")) as Module;
  const connection = await WalletConnect.start({
    storage: new SessionStorage(new MemorySecrets(), () => undefined),
    projectId: "0".repeat(32),
    relayUrl: relay.url,
    onEvent: () => undefined,
  });
  const pairing = await connection.pair([31337]);
  pairing.approval.catch(() => undefined);
  expect(parsePairingUri(pairing.uri).topic).toMatch(/^[0-9a-f]{64}$/);
  pairing.cancel();
  await connection.close();
});
