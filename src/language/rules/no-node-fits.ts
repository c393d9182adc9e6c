import { DiagnosticSeverity } from "vscode-languageserver/node";
import { knownNodes } from "../known-nodes";
import type { SpecDocument, SpecNode } from "../spec-document";
import type { Finding, Rule } from "./rule";
import { select } from "./select";

const UNITS: Record<string, number> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };

/** What one replica asks for, and none of the nodes has. Nothing is said as long as no node is known. */
export const noNodeFits: Rule = {
  code: "no-node-fits",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    const nodes = knownNodes();
    if (nodes.length === 0) {
      return;
    }
    const most = (of: (node: (typeof nodes)[number]) => number) => Math.max(...nodes.map(of));
    for (const { node, text } of select(document, "services.*.resources.cpu")) {
      const cores = most(({ cpu }) => cpu);
      if (Number(text) > cores) {
        yield finding(document, node, `${text} cores`, `${cores}`);
      }
    }
    for (const { node, text } of select(document, "services.*.resources.memory")) {
      const bytes = most(({ memory }) => memory);
      if (bytesOf(text) > bytes) {
        yield finding(document, node, `${text} of memory`, `${Math.floor(bytes / 2 ** 20)}Mi`);
      }
    }
    for (const { node, text } of select(document, "services.*.resources.gpu.count")) {
      const cards = most(({ gpus }) => gpus ?? Number.POSITIVE_INFINITY);
      if (Number(text) > cards) {
        yield finding(document, node, `${text} GPUs`, `${cards}`);
      }
    }
  },
};

function finding(document: SpecDocument, node: SpecNode, asked: string, most: string): Finding {
  return {
    range: document.range(node),
    message: `No node has ${asked}; the largest has ${most}. This service would wait for one. Ask for less, or add a node.`,
  };
}

/** NaN for text that is no amount. */
function bytesOf(text: string | undefined): number {
  const [, digits, unit] = /^\+?(\d+)(Ki|Mi|Gi|Ti)$/.exec(text ?? "") ?? [];
  return Number(digits) * (UNITS[unit ?? ""] ?? Number.NaN);
}
