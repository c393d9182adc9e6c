import { DiagnosticSeverity } from "vscode-languageserver/node";
import type { Field, SpecDocument } from "../spec-document";
import type { Finding, Rule } from "./rule";

const SECRET_NAME =
  /(^|_)(PASS(WORD|WD|PHRASE)?|PWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|SECRET_?KEY|CREDENTIALS?)$/i;
const PASSWORD_IN_URL = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s:@]+@/i;

/** A secret in the file is a secret in the repository. */
export const inlineSecret: Rule = {
  code: "inline-secret",
  severity: DiagnosticSeverity.Warning,
  *check(document) {
    const jwt = document.field(document.child(document.root, "api"), "jwt_secret");
    if (jwt !== undefined) {
      yield* report(document, jwt, "The signing secret of the API stands in this file.", "api-jwt-secret");
    }
    for (const service of document.services) {
      for (const variable of document.fields(document.child(service.map, "env"))) {
        const value = document.scalar(variable.value) ?? "";
        if (SECRET_NAME.test(variable.name)) {
          yield* report(
            document,
            variable,
            `\`${variable.name}\` looks like a secret, and its value stands in this file.`,
          );
        } else if (PASSWORD_IN_URL.test(value)) {
          yield* report(document, variable, `The address in \`${variable.name}\` holds a password.`);
        }
      }
    }
  },
};

function* report(document: SpecDocument, field: Field, what: string, name?: string): Generator<Finding> {
  const value = document.scalar(field.value);
  if (value === undefined || value === "" || value.startsWith("$S:") || value.startsWith("$E:")) {
    return;
  }
  const range = document.range(field.value);
  const secret = name ?? secretName(field.name);
  // The sidecar reads its environment, and has no store of secrets yet: the first is what works on every engine.
  const fixes = [
    {
      title: `Read the environment variable \`${field.name}\` instead`,
      edits: [{ range, newText: `$E:${field.name}` }],
    },
    { title: `Read the secret \`${secret}\` instead`, edits: [{ range, newText: `$S:${secret}` }] },
  ];
  yield {
    range,
    message: `${what} Pass it from the engine's environment with \`$E:${field.name}\`, or keep it in a daemon's secret store and write \`$S:${secret}\`.`,
    // The API's own secret is read as written: no reference works there.
    ...(name === undefined ? { fixes } : {}),
  };
}

function secretName(variable: string): string {
  const name = variable
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "");
  return name === "" ? "secret" : name;
}
