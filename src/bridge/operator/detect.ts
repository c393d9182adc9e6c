import { readdir } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import type { Detected } from "../../protocol/market-operator";

const MIB = 1024 * 1024;
/** What is left for the system itself. */
const SPARE_CORES = 1;
const SPARE_MEBIBYTES = 2_048;

export interface Machine {
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: number;
}

/** What this machine has. GPUs are those that NVIDIA's driver names. */
export async function thisMachine(): Promise<Machine> {
  const gpus = await readdir("/proc/driver/nvidia/gpus").catch(() => []);
  return { cores: availableParallelism(), memory: totalmem(), gpus: gpus.length };
}

/** What a node on this machine can offer: all but a share for the system. */
export function offerOf({ cores, memory, gpus }: Machine): Detected {
  const mebibytes = Math.floor(memory / MIB);
  const sparesCore = cores > SPARE_CORES;
  const sparesMemory = mebibytes > 2 * SPARE_MEBIBYTES;
  const left = [sparesCore ? "one core" : "", sparesMemory ? "2 GiB" : ""].filter((part) => part !== "");
  const capacity = {
    millicores: (sparesCore ? cores - SPARE_CORES : cores) * 1_000,
    mebibytes: sparesMemory ? mebibytes - SPARE_MEBIBYTES : Math.max(1, Math.floor(mebibytes / 2)),
    gpus: Math.min(255, gpus),
    gpuModel: "",
    region: "",
    labels: 0,
  };
  return {
    kind: "found",
    capacity,
    notes: left.length === 0 ? [] : [`Left for the system: ${left.join(" and ")}.`],
  };
}
