import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BrokenJournal, MeteringJournal, readJournal } from "./metering-journal";
import { meteringLeaf, verifyMeteringProof } from "./metering-log";

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-journal-"));
  path = join(directory, "7", "log.ndjson");
});
afterEach(() => rm(directory, { recursive: true }));

const entry = (index: number, usedSeconds = index * 10) => ({
  jobId: 7n,
  index,
  usedSeconds,
  cpuNanoseconds: BigInt(usedSeconds) * 1_000n,
  memoryByteSeconds: 2n ** 70n,
  networkBytes: 0n,
  blockBytes: 0n,
  gpuMilliseconds: 0n,
});

async function journalOf(count: number): Promise<void> {
  const journal = await MeteringJournal.open(path, 7n);
  for (let index = 0; index < count; index++) {
    await journal.append(entry(index), { cursor: index });
  }
  await journal.close();
}

describe("a metering log on disk", () => {
  it("goes on where it was left, and proves its last entry", async () => {
    await journalOf(3);
    const journal = await MeteringJournal.open(path, 7n);
    expect(journal.last).toMatchObject({ entry: entry(2), note: { cursor: 2 } });
    await journal.append(entry(3));
    const { root, proof } = journal.proofOfLast();
    expect(verifyMeteringProof(root, meteringLeaf(entry(3)), proof)).toBe(true);
    expect(readJournal(journal.text(), 7n).map((line) => line.entry.index)).toEqual([0, 1, 2, 3]);
    expect(journal.text()).not.toContain("note");
    await journal.close();
  });

  it("leaves out a line that was only half written", async () => {
    await journalOf(2);
    const whole = await readFile(path, "utf8");
    await appendFile(path, '{"entry":{"jobId":"7","ind');
    const journal = await MeteringJournal.open(path, 7n);
    expect(journal.lines).toHaveLength(2);
    await journal.close();
    expect(await readFile(path, "utf8")).toBe(whole);
  });

  it.each([
    ["changed", (text: string) => text.replace('"usedSeconds":10', '"usedSeconds":11'), "Line 2"],
    ["cut out of", (text: string) => text.split("\n").toSpliced(1, 1).join("\n"), "Line 2"],
    ["of another job", (text: string) => text.replaceAll('"jobId":"7"', '"jobId":"8"'), "Line 1"],
    ["no JSON", (text: string) => `x${text}`, "Line 1 of the metering log of job 7 is no entry"],
  ])("that was %s is refused at its line", async (_what, change, message) => {
    await journalOf(3);
    await writeFile(path, change(await readFile(path, "utf8")));
    await expect(MeteringJournal.open(path, 7n)).rejects.toThrow(message);
  });

  it("that counts backwards is refused", async () => {
    const journal = await MeteringJournal.open(path, 7n);
    await journal.append(entry(0, 10));
    await journal.append(entry(1, 9));
    await journal.close();
    await expect(MeteringJournal.open(path, 7n)).rejects.toBeInstanceOf(BrokenJournal);
  });
});
