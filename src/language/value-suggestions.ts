import type { CompletionContext } from "./completion-context";
import { ACTIONS } from "./init-actions";
import { definitionOf, type Schema, type Step } from "./schema";
import type { SpecDocument } from "./spec-document";

interface Suggestion {
  value: string;
  detail?: string;
}

/** Values that the schema does not list: names from the spec itself, and usual amounts. */
export function suggestions(spec: SpecDocument, { spec: here, path }: CompletionContext, schema: Schema): Suggestion[] {
  const pattern = path.map((step, at) => (typeof step === "number" ? "[]" : at === 1 ? "*" : step)).join(".");
  const service = typeof path[1] === "string" ? path[1] : "";
  switch (pattern) {
    case "version":
      return [{ value: "v1" }];
    case "services.*.depends.[].service":
      return dependable(spec, here, service, path);
    case "services.*.endpoints.[].target_role":
      return roles(spec, service).map((value) => ({ value, detail: "replica group" }));
    case "services.*.init.steps.[].uses":
      return Object.keys(ACTIONS).map((value) => ({ value, detail: "action" }));
    case "services.*.image.name":
      return unique(spec.services.map(({ map }) => spec.string(spec.child(map, "image"), "name") ?? "")).map(
        (value) => ({
          value,
          detail: "used in this spec",
        }),
      );
    case "services.*.storage.[].name":
      return unique(
        spec.services.flatMap(({ map }) =>
          spec.items(spec.child(map, "storage")).map((item) => spec.string(item, "name") ?? ""),
        ),
      ).map((value) => ({ value, detail: "volume of this spec" }));
    case "services.*.stop_signal":
      return ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGKILL"].map((value) => ({ value }));
    case "services.*.resources.memory":
      return ["64Mi", "128Mi", "256Mi", "512Mi", "1Gi", "2Gi", "4Gi"].map((value) => ({ value }));
    case "services.*.resources.cpu":
      return ["0.25", "0.5", "1", "2", "4"].map((value) => ({ value, detail: "cores" }));
    case "services.*.health.check.port":
      return spec
        .items(spec.child(spec.service(service)?.map, "endpoints"))
        .map((endpoint) => ({
          value: spec.string(endpoint, "port") ?? "",
          detail: spec.string(endpoint, "name") ?? "",
        }))
        .filter(({ value }) => value !== "");
    case "services.*.schedule":
      return [
        { value: '"0 0 * * * *"', detail: "each hour" },
        { value: '"0 30 2 * * *"', detail: "each day at 2:30" },
        { value: '"0 0 3 * * Mon"', detail: "each Monday at 3:00" },
      ];
    default:
      if (/^services\.\*\.env\.[^.]+$/.test(pattern)) {
        return [
          { value: "$E:", detail: "an environment variable of the engine" },
          { value: "$S:", detail: "a secret" },
          ...secrets(spec).map((value) => ({ value, detail: "secret of this spec" })),
        ];
      }
      if (definitionOf(schema) === "duration") {
        return ["1s", "5s", "10s", "30s", "1m", "5m", "1h"].map((value) => ({ value }));
      }
      return [];
  }
}

function dependable(spec: SpecDocument, here: SpecDocument, service: string, path: readonly Step[]): Suggestion[] {
  const list = here.at(here.root, ...path.slice(0, -2));
  const taken = here.items(list).map((item) => here.string(item, "service"));
  return spec.services
    .map(({ name }) => name)
    .filter((name) => name !== service && !taken.includes(name))
    .map((value) => ({ value, detail: "service" }));
}

function roles(spec: SpecDocument, service: string): string[] {
  const groups = spec.items(spec.child(spec.service(service)?.map, "replica_groups"));
  return unique(groups.map((group) => spec.string(group, "role") ?? ""));
}

function secrets(spec: SpecDocument): string[] {
  const all = spec.services.flatMap(({ map }) =>
    spec.fields(spec.child(map, "env")).map(({ value }) => spec.scalar(value) ?? ""),
  );
  return unique(all.filter((text) => text.startsWith("$S:") && text.length > 3));
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)].filter((text) => text !== "" && !text.includes("‸"));
}
