import { isAbort } from "../sidecar/api-error";
import type { ZLayerClient } from "../sidecar/client";
import type { DeploymentState, LogChunk } from "../sidecar/types";

/** Containers that say nothing are waited for no longer than this many milliseconds. */
const PATIENCE_MS = 30_000;

/** Prints the first lines that the containers of a deployment write, until there are `wanted`. */
export async function firstLogLines(
  client: ZLayerClient,
  deployment: DeploymentState,
  wanted: number,
  print: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([done.signal, signal, AbortSignal.timeout(PATIENCE_MS)]);
  let printed = 0;
  const follow = async (id: string, name: string): Promise<void> => {
    for await (const chunks of client.containerLogs(id, { follow: true, signal: either })) {
      for (const line of chunks.flatMap(linesOf)) {
        if (printed < wanted) {
          printed += 1;
          print(`  ${name}  ${line}`);
        }
        if (printed === wanted) {
          done.abort();
          return;
        }
      }
    }
  };
  const followers = deployment.services.flatMap((service) =>
    service.replicas.map((replica) => follow(replica.id, `${service.name}/${replica.index}`)),
  );
  for (const outcome of await Promise.allSettled(followers)) {
    if (outcome.status === "rejected" && !either.aborted && !isAbort(outcome.reason)) {
      throw outcome.reason;
    }
  }
  signal.throwIfAborted();
  if (printed < wanted) {
    print(`  (${printed} of ${wanted} lines came within ${PATIENCE_MS / 1000} seconds)`);
  }
}

function linesOf(chunk: LogChunk): string[] {
  const text = chunk.data ?? Buffer.from(chunk.data_b64 ?? "", "base64").toString("utf8");
  return text.replace(/\n$/, "").split("\n");
}
