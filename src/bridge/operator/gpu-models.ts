import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const DRIVER = "/proc/driver/nvidia/gpus";

/** The models of this machine's GPUs, as NVIDIA's driver names them; none where there is no such driver. */
export async function gpuModels(directory = DRIVER): Promise<string[]> {
  const cards = await readdir(directory).catch(() => []);
  const models = await Promise.all(
    cards.map(async (card) => {
      const text = await readFile(join(directory, card, "information"), "utf8").catch(() => "");
      return /^Model:\s*(.+?)\s*$/m.exec(text)?.[1];
    }),
  );
  return [...new Set(models.filter((model) => model !== undefined))].sort();
}
