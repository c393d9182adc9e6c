// Bad input through the real engine, as the extension meets it: what is told, at which line, and that nothing is left behind.
//
// | Bad input | Test |
// | --- | --- |
// | a spec that does not parse | deploy.test.ts "rejects a spec with all its problems"; runtime-sidecar bad_input.rs `a_spec_that_cannot_work_…` |
// | an image that does not exist, needs a login, is damaged, cut short, or for another machine | here, "an image that …" |
// | the registry is down | here, "a registry that is down is waited for, and told" |
// | the registry is slow | here, "a slow registry is watched and cancelled" |
// | the disk is full while an image is unpacked | here, "a disk that is full while an image is unpacked"; image crate damage.rs `a_full_disk_is_told_…` |
// | a port that is taken | here, "a port that is taken"; e2e operate.test.ts "a port that is taken stands at its line" |
// | a memory limit below what can start | here, "a memory limit below what can start" |
// | a command that is not found | here, "a command that is not in the image" |
// | a container that floods | here, "a container that floods"; container logs.rs `a_slow_follower_…`; zlayer-sidecar recovery.rs `a_crash_during_a_flood_…` |
// | a container that forks without end | here, "a container that forks without end" |
// | a container that ignores SIGTERM | here, "a container that ignores SIGTERM"; zlayer-sidecar lifecycle.rs `processes_that_ignore_sigterm_…` |
// | a socket path that is too long | here, "a socket path that is too long"; bad_input.rs `a_command_line_that_cannot_be_served_is_refused` |
// | the sidecar is missing, not executable, of another version | src/bridge/sidecar/supervisor.test.ts "findBinary"; e2e engine-trouble.test.ts "a sidecar that is not there" |
// | two windows start it at once | deploy.test.ts "windows"; bad_input.rs `one_sidecar_holds_a_data_directory` |
import { once } from "node:events";
import { readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type BuiltImage, image, tar, writeLayout } from "../../scripts/lib/oci-layout.mjs";
import { busyboxLayer } from "../../scripts/sample-image.mjs";
import { type Capabilities, discover } from "../../src/bridge/sidecar/capabilities";
import { DeployFailed, type DeployProgress, deploy } from "../../src/bridge/sidecar/deploy";
import { InvalidEndpoint } from "../../src/bridge/sidecar/endpoint";
import { SidecarSupervisor } from "../../src/bridge/sidecar/supervisor";
import type { Reason } from "../../src/bridge/sidecar/types";
import { locate } from "../../src/bridge/spec/locate";
import { busyboxImage } from "./support/images";
import { Registry } from "./support/registry";
import { sidecarBinary, TestSidecar } from "./support/sidecar";
import { SlowProxy } from "./support/slow-proxy";

let sidecar: TestSidecar;
let registry: Registry;
let capabilities: Capabilities;
/** An image that is there, for what goes wrong later. */
let good: string;

beforeAll(async () => {
  [sidecar, registry] = await Promise.all([TestSidecar.start(), Registry.start()]);
  good = await registry.push("good:1", await busyboxImage());
  capabilities = await discover(sidecar.client);
});

afterEach(async () => {
  for (const { name } of await sidecar.client.deployments()) {
    await sidecar.client.removeDeployment(name);
  }
  await expect.poll(() => sidecar.leftovers()).toEqual([]);
});

afterAll(async () => {
  await Promise.all([sidecar?.stop(), registry?.stop()]);
});

function spec(image: string, more = "", script = "sleep 1000"): string {
  return `version: v1
deployment: shop
services:
  web:
    image: { name: "${image}" }
    command: { entrypoint: [/bin/sh, -c, "${script}"] }
    scale: { mode: fixed, replicas: 1 }
${more}`;
}

/** The line of the editor, from 1, at which a reason is shown. */
function lineOf(text: string, { path }: Reason): number {
  return locate(text, path ?? "").startLine + 1;
}

/** Deploys what cannot come up. @returns why, in the words for the user, and at which line of the editor */
async function failure(text: string, on = sidecar): Promise<{ code: string; message: string; line: number }> {
  const error = await deploy(on.client, await discover(on.client), text).catch((thrown: unknown) => thrown);
  if (!(error instanceof DeployFailed)) {
    throw new Error("the deploy did not fail as it should", { cause: error });
  }
  const { code, message } = error.reason;
  return { code, message, line: lineOf(text, error.reason) };
}

/** Deploys what waits for the world to change, until its state gives a reason of this code; then cancels. */
async function waitsFor(code: string, text: string, on = sidecar): Promise<Reason> {
  const abort = new AbortController();
  let found: Reason | undefined;
  const watch = ({ state }: DeployProgress): void => {
    const reason = state.services[0]?.reason ?? undefined;
    if (reason?.code === code && (code !== "pulling" || (reason.progress?.done ?? 0) > 0)) {
      found = reason;
      abort.abort();
    }
  };
  const deployed = deploy(on.client, await discover(on.client), text, { signal: abort.signal, onProgress: watch });
  await expect(deployed).rejects.toMatchObject({ name: "AbortError" });
  expect((await on.client.deployments()).map(({ name }) => name)).toEqual([]);
  expect(found).toBeDefined();
  return found as Reason;
}

async function images(): Promise<string[]> {
  return (await sidecar.client.images()).map(({ reference }) => reference);
}

describe("an image that", () => {
  test("does not exist", async () => {
    const found = await failure(spec(`${registry.host}/nothing:1`));
    expect(found).toMatchObject({ code: "image-not-found", line: 5 });
    expect(found.message).toContain(`${registry.host}/nothing:1`);
    expect(found.message).toContain("Check its name and tag");
  });

  test("needs a login", async () => {
    const closed = await Registry.start({ login: true });
    try {
      const reference = await closed.push("app:1", await busyboxImage());
      const found = await failure(spec(reference));
      expect(found).toMatchObject({ code: "image-needs-login", line: 5 });
      expect(found.message).toContain(`docker login ${closed.host}`);
      expect(await images()).not.toContain(reference);
    } finally {
      await closed.stop();
    }
  });

  test.each([
    ["has a layer with a wrong digest", "image-digest-mismatch", "tampered"],
    ["has a layer that is cut short", "image-truncated", "bytes arrived"],
  ])("%s", async (_what, code, words) => {
    const damaged = await Registry.start();
    try {
      // Of its own: a layer that another image brought is not fetched again.
      const built = await withFile(noise(code, 3000));
      const reference = await damaged.push("app:1", built);
      const manifest = JSON.parse(String(built.blobs.get(built.manifest.digest)));
      const blob = damaged.blob(manifest.layers[1].digest);
      const data = await readFile(blob);
      if (code === "image-truncated") {
        await truncate(blob, data.length / 2);
      } else {
        await writeFile(blob, data.fill(0, 1000, 1100));
      }
      const found = await failure(spec(reference));
      expect(found).toMatchObject({ code, line: 5 });
      expect(found.message).toContain(reference);
      expect(found.message).toContain(words);
      expect(await images()).not.toContain(reference);
    } finally {
      await damaged.stop();
    }
  });

  test("is for another kind of machine", async () => {
    const reference = await registry.push("other:1", image([await busyboxLayer()], {}, "s390x"));
    const found = await failure(spec(reference));
    expect(found).toMatchObject({ code: "image-wrong-platform", line: 5 });
    expect(found.message).toContain("s390x");
    expect(await images()).not.toContain(reference);
  });
});

describe("the way to an image", () => {
  test("a registry that is down is waited for, and told", async () => {
    const down = await Registry.start();
    const reference = await down.push("app:1", await busyboxImage());
    await down.stop();
    const reason = await waitsFor("registry-unreachable", spec(reference));
    expect(lineOf(spec(reference), reason)).toBe(5);
    expect(reason.message).toContain(down.host);
    expect(reason.message).toContain("Is the registry running on this machine?");
  });

  test("a slow registry is watched and cancelled, and serves the next deploy", async () => {
    const built = await withFile(noise("slow", 2_000_000));
    const reference = await registry.push("slow:1", built);
    const proxy = await SlowProxy.start(registry.host);
    try {
      const through = reference.replace(registry.host, proxy.host);
      const reason = await waitsFor("pulling", spec(through));
      expect(reason.progress?.total).toBeGreaterThan(reason.progress?.done ?? 0);
      await expect.poll(() => proxy.open).toBe(0);
      expect(await images()).not.toContain(through);
      expect(await sidecar.leftovers()).toEqual([]);
      proxy.hurry();
      const state = await deploy(sidecar.client, capabilities, spec(through));
      expect(state.phase).toBe("running");
    } finally {
      await proxy.stop();
    }
  });
});

// An ordinary user may not mount; for one the image crate's `a_full_disk_is_told_and_leaves_nothing` does it in a namespace.
test.runIf(process.getuid?.() === 0)(
  "a disk that is full while an image is unpacked is told, and works again with space",
  async () => {
    const small = await TestSidecar.start({ diskBytes: 48 << 20 });
    try {
      // Much of the same: quickly fetched, and too large only when it is unpacked.
      const layer = noise("large", 4096);
      const built = await withFile(Buffer.concat(Array.from({ length: 16 << 10 }, () => layer)));
      await writeLayout(join(small.directory, "images", "layouts", "large"), "1", built);
      const text = spec("oci-layout.localhost/large:1");
      const reason = await waitsFor("disk-full", text, small);
      expect(lineOf(text, reason)).toBe(5);
      expect(reason.message).toContain(small.directory);
      expect(reason.message).toContain("Free some space");
      await expect.poll(() => small.leftovers()).toEqual([]);
      expect(await small.client.images()).toEqual([]);
      const state = await deploy(small.client, await discover(small.client), spec(good));
      expect(state.phase).toBe("running");
    } finally {
      await small.stop();
    }
  },
);

describe("what cannot start", () => {
  test("a port that is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as { port: number };
    const mapping = `    port_mappings:\n      - { container_port: 80, host_port: ${port}, host_ip: 127.0.0.1 }\n`;
    const found = await failure(spec(good, mapping));
    holder.close();
    expect(found).toMatchObject({ code: "port-in-use", line: 8 });
    expect(found.message).toContain(String(port));
  });

  test("a memory limit below what can start", async () => {
    const found = await failure(spec(good, "    resources:\n      memory: 64Ki\n"));
    expect(found).toMatchObject({ code: "memory-limit-too-low", line: 9 });
    expect(found.message).toMatch(/at least|raise/i);
  });

  test("a command that is not in the image", async () => {
    const text = spec(good).replace("[/bin/sh, -c,", "[no-such-command,");
    const found = await failure(text);
    expect(found).toMatchObject({ code: "command-not-found", line: 6 });
    expect(found.message).toContain("no-such-command");
  });

  test("a socket path that is too long", () => {
    const socket = `/tmp/${"x".repeat(120)}/api.sock`;
    const start = () =>
      new SidecarSupervisor({
        places: { dataDir: sidecar.directory, socket, rootless: false },
        binary: async () => sidecarBinary(),
        log: () => {},
      });
    expect(start).toThrow(InvalidEndpoint);
    expect(start).toThrow(/107|too long/);
  });
});

describe("a container that", () => {
  test("floods its output keeps no more of it than its spec says, and leaves the engine free", async () => {
    const limit = 1 << 20;
    const text = spec(good, `    logs: { max_size_bytes: ${limit} }\n`, "exec yes flood flood flood flood flood");
    await deploy(sidecar.client, capabilities, text);
    const [container] = await sidecar.client.containers();
    const directory = join(sidecar.directory, "containers", container?.id ?? "");
    const logs = async (): Promise<number[]> => {
      const names = (await readdir(directory, { recursive: true })).filter((name) => /\blog/.test(name));
      const found = await Promise.all(names.map((name) => stat(join(directory, name)).catch(() => undefined)));
      return found.flatMap((file) => (file?.isFile() === true ? [file.size] : []));
    };
    const written = async (): Promise<number> => (await logs()).reduce((sum, size) => sum + size, 0);
    await expect.poll(async () => (await logs()).length, { timeout: 60_000 }).toBeGreaterThan(1);
    for (let turn = 0; turn < 20; turn += 1) {
      expect(await written()).toBeLessThan(2 * limit);
      expect((await sidecar.client.ready()).status).toBe("ok");
    }
  });

  test("forks without end is held at its limit, answers, and goes", async () => {
    // The first process then waits without making another, which it could not.
    const bomb = "mkfifo /wait; (while :; do sleep 1000 & done); read line <> /wait";
    await deploy(sidecar.client, capabilities, spec(good, "    resources: { pids_limit: 40 }\n", bomb));
    const [container] = await sidecar.client.containers();
    const pids = async (): Promise<number> => {
      const [sample] = await sidecar.client.metrics({});
      return sample?.samples.at(-1)?.pids ?? 0;
    };
    await expect.poll(pids, { timeout: 60_000 }).toBeGreaterThan(20);
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await pids()).toBeLessThanOrEqual(40);
    }
    await sidecar.client.removeDeployment("shop");
    expect((await sidecar.client.containers()).map(({ id }) => id)).not.toContain(container?.id);
  });

  test("ignores SIGTERM is killed after its grace", async () => {
    const text = spec(good, "    stop_grace_period: 1s\n", "trap '' TERM; while :; do sleep 1; done");
    await deploy(sidecar.client, capabilities, text);
    const [container] = await sidecar.client.containers();
    await sidecar.client.stopContainer(container?.id ?? "");
    const state = await sidecar.until("shop", ({ services }) => services[0]?.replicas[0]?.exit_code != null);
    expect(state.services[0]?.replicas[0]?.exit_code).toBe(137);
  });
});

/** An image with a shell and a layer that is nobody else's. */
async function withFile(data: Buffer): Promise<BuiltImage> {
  return image([await busyboxLayer(), tar([{ path: "srv/data", data }])], { Env: ["PATH=/bin:/usr/bin"] });
}

/** Bytes that do not compress, the same for the same seed. */
function noise(seed: string, length: number): Buffer {
  let state = [...seed].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 1) || 1;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}
