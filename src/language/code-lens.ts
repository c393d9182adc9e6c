import type { CodeLens, Command } from "vscode-languageserver/node";
import type { Feature } from "./feature";
import { jobLenses } from "./job/job-lens";
import type { Field, SpecDocument } from "./spec-document";

/** What a lens's command is called with. */
export interface LensTarget {
  uri: string;
  deployment: string;
  service?: string;
}

/** Deploy, logs and metrics above the deployment; logs, metrics, shell and scale above each service. */
export const codeLens: Feature = {
  capabilities: { codeLensProvider: { resolveProvider: false } },
  register({ connection, documents }) {
    connection.onCodeLens(({ textDocument }) => {
      const job = documents.job(textDocument.uri);
      if (job !== undefined) {
        return jobLenses(job);
      }
      const document = documents.get(textDocument.uri);
      return document === undefined ? [] : lenses(document);
    });
  },
};

function lenses(document: SpecDocument): CodeLens[] {
  const name = document.field(document.root, "deployment");
  const deployment = document.deployment;
  if (name === undefined || deployment === undefined || deployment === "") {
    return [];
  }
  const target: LensTarget = { uri: document.uri, deployment };
  const above = (field: Field, commands: [string, string][], argument: LensTarget): CodeLens[] =>
    commands.map(([title, command]) => ({
      range: document.range(field.key),
      command: { title, command, arguments: [argument] } satisfies Command,
    }));
  return [
    ...above(
      name,
      [
        ["Deploy", "zlayer.deployment.deploy"],
        ["Logs", "zlayer.service.showLogs"],
        ["Metrics", "zlayer.service.showMetrics"],
      ],
      target,
    ),
    ...document.services.flatMap((service) =>
      above(
        service,
        [
          ["Logs", "zlayer.service.showLogs"],
          ["Metrics", "zlayer.service.showMetrics"],
          ["Shell", "zlayer.container.openShell"],
          ["Scale", "zlayer.service.scale"],
        ],
        { ...target, service: service.name },
      ),
    ),
  ];
}
