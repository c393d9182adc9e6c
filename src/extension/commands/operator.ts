import { window } from "vscode";
import type { NodeAction } from "../../protocol/market-operator";
import { editableAmount, hourly, parseAmount, ratePerSecond } from "../../protocol/money";
import type { LoadedMarket } from "../market-host";
import type { ZLayerContext } from "../zlayer-context";
import { askAmount, askHours, simple as forJob, noMarket, noWallet, perform, pickJob } from "./market";
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
  cancelUnbonding: simple("It is not staked again", () => ({ kind: "cancelUnbonding" })),
  leave: {
    failure: "The node did not leave",
    run: async (context) => {
      const market = await ready(context);
      const leave = "Leave";
      const detail = "It takes no more jobs. Its stake is unbonding from then on, and comes back when that is over.";
      if ((await window.showWarningMessage("Leave the market?", { modal: true, detail }, leave)) === leave) {
        await act(market, { kind: "exit" });
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
  withdrawBid: forJob("withdrawBid", "The bid was not withdrawn", "Which bid is to be withdrawn?"),
  start: forJob("start", "The job was not started", "Which job is to be started?"),
  decline: forJob("decline", "The job was not handed back", "Which job is to be handed back?"),
  signReceipt: {
    failure: "The receipt was not signed",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "signReceipt", "For which job?");
      if (chosen === undefined || !("service" in chosen.job)) {
        return;
      }
      const { market, job } = chosen;
      const { startedAt, endsAt } = job.service;
      const served = Math.max(0, Math.min(market.hub.now, endsAt) - startedAt);
      const usedSeconds = await askUsed(job.id, served);
      const isFinal = usedSeconds === undefined ? undefined : await askWhetherLast();
      if (usedSeconds !== undefined && isFinal !== undefined) {
        await perform(market, job.id, { kind: "signReceipt", usedSeconds, isFinal });
      }
    },
  },
  signExtension: {
    failure: "The longer time was not signed",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "signExtension", "Which job may run longer?");
      const hours = chosen && (await askHours(`Agree to extend job #${chosen.job.id}`));
      if (chosen !== undefined && hours !== undefined) {
        await perform(chosen.market, chosen.job.id, { kind: "signExtension", seconds: Math.ceil(hours * 3_600) });
      }
    },
  },
  createKey: {
    failure: "No operator key was created",
    run: async (context) => {
      const market = await ready(context);
      const currency = market.hub.client?.network.currency ?? "";
      const fees = await askAmount(
        "Create an operator key",
        `Money for its fees, in ${currency}: the most that it can spend`,
      );
      if (fees !== undefined) {
        await act(market, { kind: "createKey", fees: String(fees) });
      }
    },
  },
  revokeKey: simple("The operator key was not revoked", () => ({ kind: "revokeKey" })),
};

async function askUsed(jobId: bigint, served: number): Promise<number | undefined> {
  const read = (text: string): number | undefined => {
    const seconds = /^\d{1,10}$/.test(text.trim()) ? Number(text) : served + 1;
    return seconds <= served ? seconds : undefined;
  };
  const text = await window.showInputBox({
    title: `Receipt of job #${jobId}`,
    prompt: "How many seconds were used?",
    value: String(served),
    ignoreFocusOut: true,
    validateInput: (value) =>
      read(value) === undefined ? `Write a whole number of seconds from 0 to ${served}.` : undefined,
  });
  return text === undefined ? undefined : read(text);
}

async function askWhetherLast(): Promise<boolean | undefined> {
  const picked = await window.showQuickPick(
    [
      { label: "The last one", description: "the developer can settle the job with it at once", isFinal: true },
      { label: "One of several", description: "a later one takes its place", isFinal: false },
    ],
    { placeHolder: "Is it the job’s last receipt?" },
  );
  return picked?.isFinal;
}

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
  if (market.hub.client === undefined) {
    throw noMarket();
  }
  if (market.hub.account === undefined) {
    throw noWallet();
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
