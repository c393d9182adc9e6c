import { FileType, type TextDocument, Uri, commands as vscodeCommands, window, workspace } from "vscode";
import { jobForm, longestCost } from "../../bridge/job/job-terms";
import { suggestPrice } from "../../bridge/market/price";
import { duration, ott, percent, perHour } from "../../bridge/market/words";
import { capacityOf } from "../../bridge/market-desk/places";
import { type SpecNeeds, specNeeds } from "../../bridge/market-desk/spec-needs";
import { isJobName } from "../../protocol/job-name";
import type { JobForm } from "../../protocol/market-messages";
import { readJobFile } from "../../protocol/read-job-file";
import type { LoadedMarket } from "../market-host";
import type { NounCommands } from "./registry";

export const commands: NounCommands = {
  post: {
    failure: "The job was not posted",
    run: async (context, argument) => {
      const job = await readJob(argument);
      if (job === undefined) {
        return;
      }
      const market = await context.market.load();
      let problem: string | undefined;
      const stop = market.desk.onWork(({ key, status, message }) => {
        if (key === "post") {
          problem = status === "failed" ? message : undefined;
          window.setStatusBarMessage(message, 8_000);
        }
      });
      const id = await market.desk
        .post(job.form, job.needs, new TextEncoder().encode(job.spec.getText()))
        .finally(() => stop());
      if (problem !== undefined) {
        throw new Error(problem);
      }
      if (id !== undefined) {
        await context.panels.openMarket("developer", "jobs", String(id));
      }
    },
  },
  estimate: {
    failure: "The cost was not estimated",
    run: async (context, argument) => {
      const job = await readJob(argument);
      if (job === undefined) {
        return;
      }
      const market = await context.market.load();
      const post = "Post";
      const chosen = await window.showInformationMessage(
        `“${job.needs.deployment}” costs at most ${ott(longestCost(job.form))}.`,
        { modal: true, detail: estimate(job.form, job.needs, market) },
        post,
      );
      if (chosen === post) {
        await vscodeCommands.executeCommand("zlayer.job.post", { uri: job.file.uri.toString() });
      }
    },
  },
  runHere: {
    failure: "The job was not run here",
    run: async (_context, argument) => {
      const job = await readJob(argument);
      if (job !== undefined) {
        await vscodeCommands.executeCommand("zlayer.deployment.deploy", job.spec.uri);
      }
    },
  },
};

interface OpenJob {
  readonly file: TextDocument;
  readonly spec: TextDocument;
  readonly needs: SpecNeeds;
  readonly form: JobForm;
}

/** @returns `undefined` when no job file was chosen. @throws Error that says what is wrong with the job or with its spec */
async function readJob(argument: unknown): Promise<OpenJob | undefined> {
  const file = await chooseJob(argument);
  if (file === undefined) {
    return undefined;
  }
  const name = workspace.asRelativePath(file.uri);
  const read = readJobFile(file.getText());
  if (read.kind === "invalid") {
    const [first] = read.problems;
    const line = first === undefined ? 1 : file.positionAt(first.start).line + 1;
    throw new Error(`${name}, line ${line}: ${first?.message ?? "It cannot be read."}`);
  }
  const uri = Uri.joinPath(file.uri, "..", read.job.spec);
  let spec: TextDocument;
  try {
    // A device or a pipe would be read for ever.
    const { type } = await workspace.fs.stat(uri);
    if ((type & FileType.File) === 0) {
      throw new Error("It is no file.");
    }
    spec = await workspace.openTextDocument(uri);
  } catch (cause) {
    throw new Error(`${name} names the spec “${read.job.spec}”, which cannot be opened. Correct “spec”.`, { cause });
  }
  const needs = specNeeds(spec.getText());
  return { file, spec, needs, form: jobForm(read.job, needs) };
}

/** The job file that a lens or the explorer points at, the one in front, or the one that is picked. */
async function chooseJob(argument: unknown): Promise<TextDocument | undefined> {
  const pointed =
    argument instanceof Uri
      ? argument
      : typeof argument === "object" && argument !== null && "uri" in argument && typeof argument.uri === "string"
        ? Uri.parse(argument.uri)
        : undefined;
  if (pointed !== undefined) {
    return workspace.openTextDocument(pointed);
  }
  const active = window.activeTextEditor?.document;
  if (active !== undefined && isJob(active)) {
    return active;
  }
  const found = await workspace.findFiles("**/*zlayer-job.{yml,yaml}", "**/node_modules/**", 200);
  const files = found.filter(({ path }) => isJobName(path.slice(path.lastIndexOf("/") + 1)));
  if (files.length === 0) {
    throw new Error(
      "There is no job file in this workspace. It is a file whose name ends in .zlayer-job.yml; completion fills it.",
    );
  }
  const items = files.map((uri) => ({ label: workspace.asRelativePath(uri), uri }));
  const picked = files.length === 1 ? items[0] : await window.showQuickPick(items, { placeHolder: "Which job?" });
  return picked && workspace.openTextDocument(picked.uri);
}

function isJob({ languageId, uri }: TextDocument): boolean {
  return languageId === "zlayer-job" || isJobName(uri.path.slice(uri.path.lastIndexOf("/") + 1));
}

/** What the job costs and needs, in lines. */
function estimate(form: JobForm, needs: SpecNeeds, { hub }: LoadedMarket): string {
  const rate = BigInt(form.maxRate);
  const { client, parameters } = hub;
  const { millicores, mebibytes, gpus } = needs;
  const lines = [
    `Highest price: ${perHour(rate)}, for at most ${duration(form.maxDuration)}. It is paid into escrow; what is not used comes back.`,
    `Needs of a node: ${millicores / 1_000} cores, ${mebibytes} MiB${gpus === 0 ? "" : `, ${gpus} GPUs`}.`,
  ];
  if (form.availabilityBps > 0) {
    lines.push(`Below ${percent(form.availabilityBps)} availability the payment is lowered.`);
  }
  if (client === undefined || parameters === undefined) {
    lines.push("No market is connected, so there is no price to compare with.");
  } else {
    const { region, gpuModel, labels } = form;
    const need = capacityOf({ millicores, mebibytes, gpus, gpuModel, region, labels });
    const price = suggestPrice(client.store, need, parameters, hub.now);
    lines.push(
      price === undefined
        ? `On “${client.network.name}” no like job was settled lately.`
        : `Like jobs on “${client.network.name}” were settled for ${perHour(price.typical)} (${price.jobs} of them, most from ${perHour(price.low)} to ${perHour(price.high)}).`,
    );
  }
  return [...lines, ...needs.notes].join("\n");
}
