import { describe, expect, it } from "vitest";
import { offerOf, thisMachine } from "./detect";

const GIB = 1024 ** 3;

describe("offerOf", () => {
  it("leaves a core and 2 GiB to the system, and says so", () => {
    expect(offerOf({ cores: 8, memory: 16 * GIB, gpus: 2 })).toEqual({
      kind: "found",
      capacity: { millicores: 7_000, mebibytes: 14_336, gpus: 2, gpuModel: "", region: "", labels: 0 },
      notes: ["Left for the system: one core and 2 GiB."],
    });
  });

  it.each([
    ["one core", { cores: 1, memory: 16 * GIB, gpus: 0 }, 1_000, 14_336, "Left for the system: 2 GiB."],
    ["4 GiB", { cores: 2, memory: 4 * GIB, gpus: 0 }, 1_000, 2_048, "Left for the system: one core."],
    ["little", { cores: 1, memory: 1, gpus: 0 }, 1_000, 1, undefined],
  ])("offers what a small machine with %s can spare, never nothing", (_name, machine, millicores, mebibytes, note) => {
    expect(offerOf(machine)).toMatchObject({
      capacity: { millicores, mebibytes },
      notes: note === undefined ? [] : [note],
    });
  });

  it("offers no more GPUs than the contract can hold", () => {
    expect(offerOf({ cores: 2, memory: GIB, gpus: 300 })).toMatchObject({ capacity: { gpus: 255 } });
  });
});

it("finds what this machine has, also without a GPU's driver", async () => {
  const { cores, memory, gpus } = await thisMachine();
  expect(cores).toBeGreaterThanOrEqual(1);
  expect(memory).toBeGreaterThan(64 * 1024 * 1024);
  expect(gpus).toBeGreaterThanOrEqual(0);
});
