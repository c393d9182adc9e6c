// The examples on the pages of docs/rules are the tests of what they explain.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { DiagnosticSeverity } from "vscode-languageserver/node";
import { SpecDocument } from "../spec-document";
import type { SpecValidator } from "../spec-validator";
import { builtValidator } from "../testing";
import { found, rules } from ".";

const PAGES = "docs/rules";
const SEVERITY = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
} as const;

let validator: SpecValidator;
beforeAll(async () => {
  validator = await builtValidator();
}, 900_000);

/** An example as a whole spec: what it does not write is filled in so that nothing else is found. */
function whole(example: string): string {
  if (/^(version:|#|\uFEFF)/.test(example)) {
    return example;
  }
  if (example.startsWith("services:")) {
    return `version: v1\ndeployment: demo\n${example}`;
  }
  const usual = ["image: { name: nginx:1.27 }", "scale: { mode: fixed, replicas: 1 }"];
  const missing = usual.filter((line) => !new RegExp(`^${line.split(":")[0]}:`, "m").test(example));
  return `version: v1\ndeployment: demo\nservices:\n  web:\n${[...missing, example].join("\n").replace(/^/gm, "    ")}\n`;
}

async function codes(example: string): Promise<Set<string>> {
  const text = whole(example);
  const { problems, unserved } = await validator.check(text);
  const own = found(new SpecDocument("file:///a.zlayer.yml", 1, text)).map(({ rule }) => rule.code);
  return new Set([...problems.map(({ code }) => code), ...unserved.map(({ code }) => code), ...own]);
}

const pages = readdirSync(PAGES)
  .filter((name) => name !== "README.md")
  .map((name) => {
    const text = readFileSync(join(PAGES, name), "utf8");
    const example = (kind: string) => new RegExp(`\`\`\`yaml ${kind}\\n([\\s\\S]*?)\\n\`\`\``).exec(text)?.[1];
    return { code: name.replace(/\.md$/, ""), text, bad: example("bad"), good: example("good") };
  });

test("every rule has a page that names its severity", () => {
  for (const rule of rules) {
    const page = pages.find(({ code }) => code === rule.code);
    const severity = /· (\w+)/.exec(page?.text ?? "")?.[1] as keyof typeof SEVERITY | undefined;
    expect([rule.code, severity === undefined ? undefined : SEVERITY[severity]]).toEqual([rule.code, rule.severity]);
  }
});

test("the list of pages is complete", () => {
  const list = readFileSync(join(PAGES, "README.md"), "utf8");
  for (const { code } of pages) {
    expect(list).toContain(`[${code}](${code}.md)`);
  }
});

describe("the examples say what the page says", () => {
  for (const { code, bad, good } of pages) {
    if (bad !== undefined) {
      test(`${code}: the first example has it`, async () => {
        expect([...(await codes(bad))]).toContain(code);
      });
    }
    if (good !== undefined) {
      test(`${code}: the second has not`, async () => {
        expect([...(await codes(good))]).not.toContain(code);
      });
    }
  }
});
