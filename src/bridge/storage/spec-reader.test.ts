import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedPublisher } from "./embedded-publisher";
import { KeptReader } from "./kept-reader";
import { EmbeddedReader, type SpecReader, SpecUnreadable } from "./spec-reader";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "zl-reader-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("a spec in the embedded store", () => {
  it.each([20, 600_000])("of %d bytes is read as it was published", async (size) => {
    const content = new Uint8Array(size).map((_, at) => at % 251);
    const { cid } = await new EmbeddedPublisher(directory).publish(content);
    expect(Buffer.from(await new EmbeddedReader(directory).read(cid)).equals(Buffer.from(content))).toBe(true);
  });

  it("is refused when a block was changed, is missing, or is not named by a CID", async () => {
    const { cid } = await new EmbeddedPublisher(directory).publish(Buffer.from("a: 1\n"));
    const [file = ""] = await readdir(directory);
    await writeFile(join(directory, file), "a: 2\n");
    const reader = new EmbeddedReader(directory);
    await expect(reader.read(cid)).rejects.toThrow("What was delivered");
    await rm(join(directory, file));
    await expect(reader.read(cid)).rejects.toThrow("is not in");
    await expect(reader.read("../../etc/passwd")).rejects.toThrow("is no CID");
  });
});

describe("a spec that was read once", () => {
  it("is read again when its source is gone, also after a restart, and is fetched again when it was damaged", async () => {
    const content = Buffer.from("a: 1\n");
    const { cid } = await new EmbeddedPublisher(join(directory, "source")).publish(content);
    const kept = join(directory, "kept");
    await new KeptReader(new EmbeddedReader(join(directory, "source")), kept).read(cid);
    const gone: SpecReader = { read: async () => Promise.reject(new SpecUnreadable("gone")) };
    expect(Buffer.from(await new KeptReader(gone, kept).read(cid)).equals(content)).toBe(true);
    await writeFile(join(kept, cid), "a: 2\n");
    await expect(new KeptReader(gone, kept).read(cid)).rejects.toThrow("gone");
    const source = new EmbeddedReader(join(directory, "source"));
    expect(Buffer.from(await new KeptReader(source, kept).read(cid)).equals(content)).toBe(true);
  });
});
