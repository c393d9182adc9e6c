import { type QuickPickItem, window } from "vscode";
import { whyBidIneligible } from "../../bridge/market/eligibility";
import type { Job } from "../../bridge/market/types";
import { ott, perHour, short } from "../../bridge/market/words";
import { jobActions } from "../../bridge/market-desk/job-actions";
import { bidRow } from "../../bridge/market-desk/job-rows";
import type { JobCommand } from "../../protocol/market-messages";
import type { ActionState, JobAction } from "../../protocol/market-rows";
import { parseAmount } from "../../protocol/money";
import type { LoadedMarket } from "../market-host";
import { selectNetwork } from "../panels/market-panel";
import type { ZLayerContext } from "../zlayer-context";
import type { Command, NounCommands } from "./registry";

export const commands: NounCommands = {
  show: { failure: "The market was not shown", run: (context, argument) => showJob(context, argument) },
  postJob: { failure: "The form was not shown", run: (context) => context.panels.openMarket("developer", "post") },
  acceptBid: {
    failure: "The bid was not accepted",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "accept", "Which job?");
      if (chosen === undefined) {
        return;
      }
      const command = await pickBid(chosen.market, chosen.job, nodeOf(argument));
      if (command !== undefined) {
        await perform(chosen.market, chosen.job.id, command);
      }
    },
  },
  cancelJob: simple("cancel", "The job was not cancelled", "Which job is to be cancelled?"),
  stop: simple("stop", "The job was not stopped", "Which job is to be stopped?"),
  settle: simple("settle", "The job was not settled", "Which job is to be settled?"),
  countersign: simple("countersign", "The receipt was not signed", "Whose receipt is to be signed?"),
  dispute: {
    failure: "The claim was not disputed",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "dispute", "Whose claim is wrong?");
      const evidence =
        chosen &&
        (await window.showInputBox({
          title: `Dispute the claim of job #${chosen.job.id}`,
          prompt: "What is wrong with it? The arbiter reads this.",
          ignoreFocusOut: true,
        }));
      if (chosen !== undefined && evidence !== undefined && evidence.trim() !== "") {
        await perform(chosen.market, chosen.job.id, { kind: "dispute", evidence: evidence.slice(0, 10_000) });
      }
    },
  },
  topUp: {
    failure: "No money was added",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "topUp", "Which job gets more money?");
      const amount = chosen && (await askAmount(`Top up job #${chosen.job.id}`, "Money to add, in OTT"));
      if (chosen !== undefined && amount !== undefined) {
        await perform(chosen.market, chosen.job.id, { kind: "topUp", amount: String(amount) });
      }
    },
  },
  extend: {
    failure: "The job was not extended",
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, "extend", "Which job is to run longer?");
      const hours = chosen && (await askHours(`Extend job #${chosen.job.id}`));
      if (chosen === undefined || hours === undefined || !("assignment" in chosen.job)) {
        return;
      }
      const seconds = Math.ceil(hours * 3_600);
      const amount = chosen.job.assignment.rate * BigInt(seconds);
      await perform(chosen.market, chosen.job.id, { kind: "extend", seconds, amount: String(amount) });
    },
  },
  selectNetwork: {
    failure: "The market was not selected",
    run: async (context) => {
      await context.market.refresh();
      const { hub } = await context.market.load();
      if (hub.networks.length === 0) {
        throw noMarket();
      }
      const items = hub.networks.map(({ name, chainId }) => ({
        label: name,
        description: `chain ${chainId}${name === hub.client?.network.name ? ", in use" : ""}`,
      }));
      const picked = await window.showQuickPick(items, { title: "Market", placeHolder: "Which market is to be used?" });
      if (picked !== undefined) {
        await selectNetwork(picked.label);
      }
    },
  },
  refresh: {
    failure: "The market was not read again",
    run: async (context) => {
      await context.market.refresh();
      const { hub } = await context.market.load();
      if (hub.client === undefined) {
        throw noMarket();
      }
      hub.restart();
    },
  },
};

/** A command that needs a job and nothing else. */
export function simple(
  action: "cancel" | "stop" | "settle" | "countersign" | "start" | "decline" | "withdrawBid",
  failure: string,
  placeHolder: string,
): Command {
  return {
    failure,
    run: async (context, argument) => {
      const chosen = await pickJob(context, argument, action, placeHolder);
      if (chosen !== undefined) {
        await perform(chosen.market, chosen.job.id, { kind: action });
      }
    },
  };
}

export function noMarket(): Error {
  return new Error(
    "No market is set up. Name one in zlayer.market.networks, or start the devnet with “npm run devnet”.",
  );
}

export function noWallet(): Error {
  return new Error("No wallet is connected. Run “ZLayer: Connect Wallet” first.");
}

async function showJob(context: ZLayerContext, argument: unknown): Promise<void> {
  const job = jobOf(argument);
  await (job === undefined
    ? context.panels.openMarket()
    : context.panels.openMarket(sideOf(argument), sideOf(argument) === "operator" ? "offers" : "jobs", job));
}

/** Does it, and shows what went wrong; progress is in the panel and in the tree. */
export async function perform(market: LoadedMarket, id: bigint, command: JobCommand): Promise<void> {
  let problem: string | undefined;
  const stop = market.desk.onWork(({ status, message }) => {
    problem = status === "failed" ? message : undefined;
    window.setStatusBarMessage(message, 8_000);
  });
  try {
    await market.desk.job(id, command);
  } finally {
    stop();
  }
  if (problem !== undefined) {
    throw new Error(problem);
  }
}

/** What the connected account can do with a job. */
export function actionsOf({ hub, receipts }: LoadedMarket, job: Job): readonly ActionState[] {
  const { client, parameters, account, node, now } = hub;
  if (client === undefined || parameters === undefined) {
    return [];
  }
  const bids = client.store.bids(job.id);
  return jobActions(job, {
    account,
    node,
    now,
    parameters,
    receipt: receipts(client).receipts(job.id).at(-1)?.signed,
    hasBid: bids.some((bid) => bid.node === account),
    acceptable: bids.filter(
      (bid) => whyBidIneligible(job, bid, client.store.node(bid.node), parameters, now) === undefined,
    ).length,
  });
}

/** The job that was pointed at, or one that is picked of those with which it can be done. @throws Error with the reason when it cannot be done */
export async function pickJob(
  context: ZLayerContext,
  argument: unknown,
  action: JobAction,
  placeHolder: string,
): Promise<{ readonly market: LoadedMarket; readonly job: Job } | undefined> {
  const market = await context.market.load();
  const { client, account } = market.hub;
  if (client === undefined) {
    throw noMarket();
  }
  if (account === undefined) {
    throw noWallet();
  }
  const wanted = jobOf(argument);
  if (wanted !== undefined) {
    const job = client.store.job(BigInt(wanted));
    const state = job && actionsOf(market, job).find((candidate) => candidate.action === action);
    if (job === undefined || state === undefined || state.reason !== "") {
      throw new Error(state?.reason || `Job #${wanted} is in no state in which this can be done.`);
    }
    return { market, job };
  }
  const able = client.store
    .jobs({
      limit: 100_000,
      filter: { where: (job) => actionsOf(market, job).some((own) => own.action === action && own.reason === "") },
    })
    .rows.slice(0, 200);
  if (able.length === 0) {
    throw new Error("There is no job with which this can be done now.");
  }
  const items = able.map((job) => ({
    label: `Job #${job.id}`,
    description: job.state,
    detail: `Paid in: ${ott(job.escrow)}`,
    job,
  }));
  const picked = await window.showQuickPick(items, { placeHolder });
  return picked && { market, job: picked.job };
}

async function pickBid({ hub }: LoadedMarket, job: Job, node: string | undefined): Promise<JobCommand | undefined> {
  const { client, account, now, parameters } = hub;
  if (client === undefined || parameters === undefined) {
    return undefined;
  }
  const rows = client.store.bids(job.id).map((bid) => bidRow(client.store, job, bid, { account, now, parameters }));
  const able = rows.filter(({ ineligible }) => ineligible === "");
  const wanted = rows.find((row) => row.node === node);
  if (wanted !== undefined && wanted.ineligible !== "") {
    throw new Error(wanted.ineligible);
  }
  const items: (QuickPickItem & { readonly row: (typeof rows)[number] })[] = able.map((row) => ({
    label: perHour(BigInt(row.rate)),
    description: short(row.node),
    detail: `Costs at most ${ott(BigInt(row.expectedCost))}. Reputation ${ott(BigInt(row.reputation))}, stake ${ott(BigInt(row.stake))}.`,
    row,
  }));
  const row = wanted ?? (await window.showQuickPick(items, { placeHolder: "Which bid is to be accepted?" }))?.row;
  return row && { kind: "accept", node: row.node, rate: row.rate };
}

/** Asks for a sum; in wei. */
export async function askAmount(title: string, prompt: string): Promise<bigint | undefined> {
  const text = await window.showInputBox({
    title,
    prompt,
    ignoreFocusOut: true,
    validateInput: (value) => {
      try {
        return parseAmount(value) > 0n ? undefined : "Write an amount above zero.";
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  return text === undefined ? undefined : parseAmount(text);
}

/** Asks by how much longer a job may run. */
export async function askHours(title: string): Promise<number | undefined> {
  const read = (text: string): number | undefined => {
    const hours = /^\d{1,5}(\.\d{1,3})?$/.test(text.trim()) ? Number(text) : 0;
    return hours > 0 ? hours : undefined;
  };
  const text = await window.showInputBox({
    title,
    prompt: "Longer by how many hours?",
    value: "1",
    validateInput: (value) => (read(value) === undefined ? "Write a number of hours above zero." : undefined),
  });
  return text === undefined ? undefined : read(text);
}

function field(argument: unknown, name: string): string | undefined {
  const value =
    typeof argument === "object" && argument !== null ? (argument as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function jobOf(argument: unknown): string | undefined {
  const job = field(argument, "job");
  return job !== undefined && /^[1-9]\d{0,19}$/.test(job) ? job : undefined;
}

function nodeOf(argument: unknown): string | undefined {
  return field(argument, "node");
}

function sideOf(argument: unknown): "developer" | "operator" {
  return field(argument, "side") === "operator" ? "operator" : "developer";
}
