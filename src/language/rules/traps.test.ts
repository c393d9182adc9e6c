// Everything that ZLayer accepts and a user would not expect, and the rules that it wrote and never calls, with the code that says so.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";

/** The trap in a few words, and the codes of what is said about it; one of the engine's own errors where it refuses by now. */
const TRAPS: [trap: string, codes: string[]][] = [
  ["overlays named in part are silently off and unencrypted", ["overlays-in-part"]],
  ["no scale means up to 10 replicas", ["scale-omitted"]],
  ["secrets in plain text: api.jwt_secret, env", ["inline-secret"]],
  ["duplicate keys: the last wins", ["duplicate-key", "duplicate-field"]],
  ["dependency cycles and self-dependency", ["dependency-cycle", "self-dependency"]],
  ["a job or cron that is waited for as ready", ["waits-for-job"]],
  ["an image as text, a command as a list, memory as 512MB, a cron of five fields", ["wrong-type"]],
  ["ports, volumes, environment, restart", ["unknown-field"]],
  ["512MB and 1.5Gi", ["invalid-memory-format"]],
  ["a five-field cron", ["invalid-cron-schedule"]],
  ["unless-stopped with a hyphen, an unknown mode or type", ["unknown-value"]],
  ["mode: 755 in decimal", ["decimal-mode"]],
  ["capabilities: {} of a wasm world", ["wasm-capability"]],
  ["two notions of a job", ["two-kinds-of-job"]],
  ["gpu.vendor, gpu.mode and capability names", ["unknown-name"]],
  ["signal and limit names", ["invalid-signal", "invalid-ulimit"]],
  ["kernel settings of the whole node, and names that no host can have", ["invalid-sysctl", "invalid-hostname"]],
  ["gpu.count 0, targets above 100, swappiness, weights, statuses, ports of 0", ["value-out-of-range"]],
  ["no replicas at all", ["never-runs"]],
  ["memory_swap, check URL, session_timeout and restart delay as any text", ["unreadable-text"]],
  ["stream on http, max_attempts without on_failure, overlay.parent, isolation", ["has-no-effect"]],
  ["two endpoints on one port", ["endpoint-port-twice"]],
  ["two services on one port of the machine", ["port-in-use"]],
  ["a hard limit below the soft one", ["soft-above-hard"]],
  ["relative paths of binds, targets and devices", ["invalid-path", "relative-path"]],
  ["two mounts at one place", ["mount-twice"]],
  ["network_mode none with endpoints", ["network-none-with-ports", "no-network"]],
  ["unknown keys that are dropped: checks, api, logs, platform, overlay, manual scale", ["ignored-key"]],
  ["null as the text null", ["null-is-text"]],
  ["names that DNS does not take", ["service-name", "deployment-name"]],
  ["a second document, a byte order mark, merge keys", ["second-document", "byte-order-mark", "merge-key"]],
  ["a request that no known node can hold", ["no-node-fits"]],
  ["validate_env_vars and the syntax of $S:, never called", ["secret-reference", "variable-name"]],
  ["validate_storage_name, never called", ["storage-name", "invalid-volume-name"]],
  ["validate_unique_replica_group_roles, never called", ["duplicate-role"]],
  ["target_role in replica_groups, never checked", ["unknown-role"]],
  ["UnknownInitAction and wrong parameters, never built", ["unknown-init-action", "init-parameters"]],
];

test.each(TRAPS)("%s: %s", (_trap, codes) => {
  expect(codes.filter((code) => !existsSync(`docs/rules/${code}.md`))).toEqual([]);
});
