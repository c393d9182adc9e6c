import { window } from "vscode";
import type { NodeAction } from "../../protocol/market-operator";
import { editableAmount, hourly, parseAmount, ratePerSecond } from "../../protocol/money";
import type { LoadedMarket } from "../market-host";
import type { ZLayerContext } from "../zlayer-context";
import { askAmount, perform, pickJob } from "./market";
import type { Command, NounCommands } from "./registry";

export const commands: NounCommands = {
  show: { failure: "The node was not shown", run: (context) => context.panels.openMarket("operator", "node") },
  register: { failure: "The form was not shown", run: (context) => context.panels.openMarket("operator", "node") },
  setPolicy: { failure: "The policy was not shown", run: (context) => context.panels.openMarket("operator", "policy") },
  stake: {
    failure: "No stake was added",
    run: async (context) => {
      const market = await ready(context);
      const amount = await askAmount("Add to the stake", "Money to stake, in OTT");
      if (amount !== undefined) {
        await act(market, { kind: "stake", amount: String(amount) });
      }
    },
  },
  unbond: {
    failure: "Nothing is unbonding",
    run: async (context) => {
      const market = await ready(context);
      const amount = await askAmount("Take out of the stake", "Money to unbond, in OTT");
      if (amount !== undefined) {
        await act(market, { kind: "unbond", amount: String(amount) });
      }
    },
  },
  withdrawStake: simple("The stake was not withdrawn", () => ({ kind: "withdrawStake" })),
  pause: simple("The node was neither paused nor resumed", (market) => ({
    kind: market.hub.node?.status === "paused" ? "resume" : "pause",
  })),
  bid: {
    failure: "The bid was not placed",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "bid", "For which job?");
      if (chosen === undefined) {
        return;
      }
      const most = chosen.job.maxRate;
      const read = (text: string): bigint => {
        const rate = ratePerSecond(parseAmount(text));
        if (hourly(rate) > hourly(most)) {
          throw new Error(`The developer pays at most ${editableAmount(hourly(most))} OTT an hour.`);
        }
        if (rate > most) {
          return most;
        }
        return rate;
      };
      const text = await window.showInputBox({
        title: `Bid for job #${chosen.job.id}`,
        prompt: "Your price, in OTT an hour. The bid stands for an hour.",
        value: editableAmount(hourly(most)),
        validateInput: (value) => {
          try {
            read(value);
            return undefined;
          } catch (error) {
            return error instanceof Error ? error.message : String(error);
          }
        },
      });
      if (text !== undefined) {
        await perform(chosen.market, chosen.job.id, { kind: "bid", rate: String(read(text)), validity: 3_600 });
      }
    },
  },
  withdrawBid: {
    failure: "The bid was not withdrawn",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "withdrawBid", "Which bid is to be withdrawn?");
      if (chosen !== undefined) {
        await perform(chosen.market, chosen.job.id, { kind: "withdrawBid" });
      }
    },
  },
};

function simple(failure: string, action: (market: LoadedMarket) => NodeAction): Command {
  return {
    failure,
    run: async (context) => {
      const market = await ready(context);
      await act(market, action(market));
    },
  };
}

/** @throws Error with the reason when the wallet has no node */
async function ready(context: ZLayerContext): Promise<LoadedMarket> {
  const market = await context.market.load();
  if (market.hub.account === undefined) {
    throw new Error("No wallet is connected. Run “ZLayer: Connect Wallet” first.");
  }
  if (market.hub.node === undefined) {
    throw new Error("Your wallet has no node on this market. Run “ZLayer: Register Node” first.");
  }
  return market;
}

async function act(market: LoadedMarket, action: NodeAction): Promise<void> {
  let problem: string | undefined;
  const stop = market.desk.onWork(({ status, message }) => {
    problem = status === "failed" ? message : undefined;
    window.setStatusBarMessage(message, 8_000);
  });
  try {
    await market.desk.node(action);
  } finally {
    stop();
  }
  if (problem !== undefined) {
    throw new Error(problem);
  }
}
