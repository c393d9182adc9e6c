import { describe, expect, it, vi } from "vitest";
import manifest from "../../../package.json";
import type { ZLayerContext } from "../zlayer-context";
import { NOUNS } from "./registry";

vi.mock("vscode", () => ({
  EventEmitter: class {},
  ThemeIcon: class {},
  ThemeColor: class {},
  TreeItem: class {},
  env: { clipboard: { writeText: async () => undefined } },
  window: {
    showQuickPick: async () => undefined,
    showInputBox: async () => undefined,
    showWarningMessage: async () => undefined,
    setStatusBarMessage: () => undefined,
  },
}));

const commands = manifest.contributes.commands
  .map(({ command }) => command)
  .filter((id) => /^zlayer\.(market|wallet|operator)\./.test(id));

/** These show a panel, which itself says what is missing. */
const SHOW = [
  "zlayer.wallet.show",
  "zlayer.market.show",
  "zlayer.market.postJob",
  "zlayer.operator.show",
  "zlayer.operator.register",
  "zlayer.operator.setPolicy",
];
/** These ask something first. */
const ASK = ["zlayer.wallet.connect"];

const client = { store: { jobs: () => ({ rows: [], total: 0 }) }, network: { name: "devnet", currency: "ETH" } };
const account = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Runs a command in a window where things are missing. @returns the panel that was shown, or what the user is told */
async function outcome(id: string, hub: Record<string, unknown>): Promise<string> {
  const [, noun = "", verb = ""] = id.split(".");
  let shown = "";
  const context = {
    market: {
      refresh: async () => undefined,
      load: async () => ({ hub: { networks: [], restart: () => undefined, ...hub } }),
    },
    wallet: {
      refreshNetworks: async () => undefined,
      load: async () => ({
        wallet: { session: undefined, state: { kind: "disconnected" } },
        networks: () => [],
      }),
    },
    panels: {
      openMarket: async () => {
        shown = "market";
      },
      openWallet: async () => {
        shown = "wallet";
      },
    },
  } as unknown as ZLayerContext;
  const command = (await NOUNS[noun]?.())?.commands[verb];
  try {
    await command?.run(context, undefined);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return shown;
}

describe("a command from the palette", () => {
  const acting = commands.filter((id) => !SHOW.includes(id) && !ASK.includes(id));

  it.each(SHOW)("%s shows its panel, whatever is missing", async (id) => {
    expect(await outcome(id, {})).toMatch(/^(market|wallet)$/);
  });

  it.each(acting)("%s says without a market or a wallet what to do first", async (id) => {
    const told = await outcome(id, {});
    expect(told).toMatch(
      id.startsWith("zlayer.wallet")
        ? /No wallet is connected\. Run “ZLayer: Connect Wallet” first\./
        : /No market is set up\. Name one in zlayer\.market\.networks, or start the devnet/,
    );
  });

  it.each(acting.filter((id) => !/zlayer\.wallet|selectNetwork|refresh/.test(id)))(
    "%s says without a wallet what to do first",
    async (id) => {
      expect(await outcome(id, { client })).toBe("No wallet is connected. Run “ZLayer: Connect Wallet” first.");
    },
  );

  it.each(acting.filter((id) => !/zlayer\.wallet|selectNetwork|refresh/.test(id)))(
    "%s says why there is nothing to do without a node or a job",
    async (id) => {
      expect(await outcome(id, { client, account })).toMatch(
        /Run “ZLayer: Register Node” first|There is no job with which this can be done now/,
      );
    },
  );
});
