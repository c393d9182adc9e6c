// Specs on a real IPFS node, kubo.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CID } from "multiformats/cid";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EmbeddedPublisher } from "../../src/bridge/storage/embedded-publisher";
import { KuboPublisher } from "../../src/bridge/storage/kubo-publisher";
import { Kubo } from "./support/kubo";

const SPEC = new TextEncoder().encode("version: v1\ndeployment: shop\n");
/** More than one block of 256 KiB. */
const LARGE = new Uint8Array(600_000).map((_, at) => at % 251);

let node: Kubo;
const others: Kubo[] = [];

// Where no kubo is there yet, it is built first.
beforeAll(async () => {
  node = await Kubo.start();
}, 900_000);

afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.stop()));
});

afterAll(() => node?.stop());

async function another(settings?: Readonly<Record<string, unknown>>): Promise<Kubo> {
  const started = await Kubo.start(settings);
  others.push(started);
  return started;
}

async function read(from: Kubo, cid: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of from.client.cat(CID.parse(cid), { timeout: 60_000 })) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

describe("a spec on an IPFS node", () => {
  it.each([
    ["small", SPEC],
    ["of several blocks", LARGE],
  ])(
    "that is %s is pinned under the CID that it has everywhere, and another node fetches it",
    async (_name, content) => {
      const { cid, size } = await new KuboPublisher(node.url).publish(content);
      expect(size).toBe(content.length);
      const directory = await mkdtemp(join(tmpdir(), "zl-specs-"));
      try {
        expect((await new EmbeddedPublisher(directory).publish(content)).cid).toBe(cid);
      } finally {
        await rm(directory, { recursive: true });
      }
      const fetching = await another();
      await fetching.connect(node);
      expect((await read(fetching, cid)).equals(content)).toBe(true);
    },
  );

  it("stays when the node throws away what is not pinned, and is known to be gone when it is unpinned", async () => {
    const publisher = new KuboPublisher(node.url);
    const { cid } = await publisher.publish(SPEC);
    await collectGarbage(node);
    expect((await read(node, cid)).equals(SPEC)).toBe(true);
    expect(await publisher.isPinned(cid)).toBe(true);
    await node.client.pin.rm(CID.parse(cid));
    expect(await publisher.isPinned(cid)).toBe(false);
    await collectGarbage(node);
    expect((await publisher.publish(SPEC)).cid).toBe(cid);
    expect(await publisher.isPinned(cid)).toBe(true);
  });

  it("is refused by name where the node's import settings would give it another CID", async () => {
    const odd = await another({ Import: { UnixFSChunker: "size-100000" } });
    await expect(new KuboPublisher(odd.url).publish(LARGE)).rejects.toThrow(
      /answered with .* Check its import settings/,
    );
  });

  it("is not published on a node that was stopped, with what to do", async () => {
    const stopped = await another();
    const publisher = new KuboPublisher(stopped.url);
    await publisher.publish(SPEC);
    await stopped.stop();
    await expect(publisher.publish(SPEC)).rejects.toThrow(/Start it, or correct zlayer\.ipfs\.api/);
  });
});

async function collectGarbage(of: Kubo): Promise<void> {
  for await (const { err } of of.client.repo.gc()) {
    if (err !== undefined && err !== null) {
      throw err;
    }
  }
}
