import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { gpuModels } from "./gpu-models";

it("names each model of the driver's cards once", async () => {
  const directory = await mkdtemp(join(tmpdir(), "zlayer-gpus-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [card, model] of [
    ["0000:01:00.0", "NVIDIA H100 80GB HBM3"],
    ["0000:02:00.0", "NVIDIA H100 80GB HBM3"],
    ["0000:03:00.0", "NVIDIA L4"],
  ] as const) {
    await mkdir(join(directory, card));
    await writeFile(join(directory, card, "information"), `Model: \t\t ${model}\nIRQ:   \t\t 44\n`);
  }
  await mkdir(join(directory, "0000:04:00.0"));
  expect(await gpuModels(directory)).toEqual(["NVIDIA H100 80GB HBM3", "NVIDIA L4"]);
});

it("finds none without the driver", async () => {
  expect(await gpuModels("/nowhere")).toEqual([]);
});
