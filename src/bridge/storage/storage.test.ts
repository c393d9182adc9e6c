import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EmbeddedPublisher } from "./embedded-publisher";
import { KuboPublisher } from "./kubo-publisher";
import { SPEC_MAX } from "./spec-publisher";
import { blocksOf } from "./unixfs";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe("CIDs", () => {
  // `ipfs add --cid-version 1 --only-hash` of kubo 0.43.1 names them so.
  it.each([
    ["hello world\n", "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"],
    ["version: v1\n", ""],
  ])("of %j is that of kubo", async (content, cid) => {
    const found = (await blocksOf(text(content))).cid.toString();
    expect(found).toMatch(/^bafkrei[a-z2-7]{52}$/);
    if (cid !== "") {
      expect(found).toBe(cid);
    }
  });

  it("cuts a file of more than 256 KiB into blocks below a root", async () => {
    const { cid, blocks } = await blocksOf(new Uint8Array(600_000).fill(7));
    expect(cid.toString()).toMatch(/^bafybei/);
    expect(blocks.has(cid.toString())).toBe(true);
  });
});

describe("EmbeddedPublisher", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "zlayer-specs-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("keeps a spec under its CID, and nothing half written", async () => {
    const publisher = new EmbeddedPublisher(join(directory, "new"));
    const { cid, size } = await publisher.publish(text("hello world\n"));
    expect(size).toBe(12);
    expect(await readdir(join(directory, "new"))).toEqual([cid]);
    expect(await readFile(join(directory, "new", cid), "utf8")).toBe("hello world\n");
    expect(await publisher.isPinned(cid)).toBe(true);
    expect(publisher.reachable).toBe(false);
  });

  it("knows no CID that it was not given, and walks into no other directory", async () => {
    await writeFile(join(directory, "secret"), "x");
    const publisher = new EmbeddedPublisher(join(directory, "new"));
    expect(await publisher.isPinned("bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4")).toBe(false);
    expect(await publisher.isPinned("../secret")).toBe(false);
  });

  it("refuses what is empty or too large", async () => {
    const publisher = new EmbeddedPublisher(directory);
    await expect(publisher.publish(new Uint8Array())).rejects.toThrow("is empty");
    await expect(publisher.publish(new Uint8Array(SPEC_MAX + 1))).rejects.toThrow("at most");
  });

  it("says why it could not keep it", async () => {
    await writeFile(join(directory, "file"), "x");
    await expect(new EmbeddedPublisher(join(directory, "file")).publish(text("a: 1\n"))).rejects.toThrow(
      "could not be kept",
    );
  });
});

describe("KuboPublisher", () => {
  const CID_OF_HELLO = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
  let server: Server;
  let answers: Record<string, (response: ServerResponse) => void>;
  let url: string;

  beforeEach(async () => {
    answers = {};
    server = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        const call = /^\/api\/v0\/([a-z/]+)/.exec(request.url ?? "")?.[1] ?? "";
        const answer = answers[call];
        if (answer === undefined) {
          response.writeHead(404).end();
        } else {
          answer(response);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const json =
    (value: unknown, status = 200) =>
    (response: ServerResponse): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };

  it("refuses a node that names other content than it was given", async () => {
    answers["add"] = json({
      Name: "",
      Hash: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
      Size: "12",
    });
    await expect(new KuboPublisher(url).publish(text("hello world\n"))).rejects.toThrow("answered with bafkreihdw");
  });

  it("refuses a spec that the node did not pin", async () => {
    answers["add"] = json({ Name: "", Hash: CID_OF_HELLO, Size: "12" });
    answers["pin/ls"] = json({ Message: `path '${CID_OF_HELLO}' is not pinned`, Code: 0, Type: "error" }, 500);
    await expect(new KuboPublisher(url).publish(text("hello world\n"))).rejects.toThrow("did not pin it");
  });

  it("says which node does not answer, and what to do", async () => {
    answers["add"] = json({ Message: "disk full", Code: 0, Type: "error" }, 500);
    await expect(new KuboPublisher(url).publish(text("hello world\n"))).rejects.toThrow(
      /127\.0\.0\.1.*disk full.*zlayer\.ipfs\.api/,
    );
    const quiet = new KuboPublisher("http://127.0.0.1:1");
    await expect(quiet.publish(text("hello world\n"))).rejects.toThrow(/Start it, or correct/);
  });

  it("gives up on a node that never answers, and when it is cancelled", async () => {
    answers["add"] = () => undefined;
    await expect(new KuboPublisher(url, 50).publish(text("hello world\n"))).rejects.toThrow("no answer in 50 ms");
    const abort = new AbortController();
    const publishing = new KuboPublisher(url).publish(text("hello world\n"), abort.signal);
    abort.abort();
    await expect(publishing).rejects.toThrow("abort");
  });

  it.each(["nonsense", "ftp://x", ""])("refuses the setting %j", (setting) => {
    expect(() => new KuboPublisher(setting)).toThrow(/zlayer\.ipfs\.api/);
  });
});
