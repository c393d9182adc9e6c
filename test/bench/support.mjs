// What the benchmarks share: an image of 200 MB, an engine of their own, and time.
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSidecar } from "../../scripts/bootstrap.mjs";
import { image, writeLayout } from "../../scripts/lib/oci-layout.mjs";
import { run } from "../../scripts/lib/run.mjs";
import { importTypeScript } from "../../scripts/lib/typescript.mjs";
import { busyboxLayer } from "../../scripts/sample-image.mjs";

/** Bytes of files in the image's large layer. */
const IMAGE_BYTES = 200e6;

/** Programs and libraries, as real images have them: they compress as real images do. */
const SOURCES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/gcc", "/usr/bin", "/usr/share/perl", "/usr/lib/python3"];

/** A directory of this run that is removed at its end. */
export async function withDirectory(work) {
  // Lower case, since podman reads a path as a name of an image.
  const directory = join(tmpdir(), `zl-bench-${process.pid}`);
  await mkdir(directory);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Milliseconds that some work takes. */
export async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** One line of a result: what, how long, and its ratio to another time. */
export function report(name, ms, reference) {
  const ratio = reference === undefined ? "" : `   ${(ms / reference.ms).toFixed(2)} of ${reference.name}`;
  console.log(`${name.padEnd(52)} ${ms.toFixed(0).padStart(8)} ms${ratio}`);
}

async function filesOf(directory, wanted) {
  const chosen = [];
  let bytes = 0;
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && bytes < wanted) {
      chosen.push(path);
      bytes += (await stat(path)).size;
    }
  }
  return { chosen, bytes };
}

/**
 * Writes an image of 200 MB as a layout: busybox, and files of this machine in four layers.
 *
 * @param {string} directory the layout
 * @param {string} scratch a directory for intermediate files
 * @returns {Promise<import("../../scripts/lib/oci-layout.mjs").BuiltImage>}
 */
export async function writeLargeImage(directory, scratch) {
  const layers = [await busyboxLayer()];
  let left = IMAGE_BYTES;
  for (const source of SOURCES) {
    if (left <= 0) {
      break;
    }
    const { chosen, bytes } = await filesOf(source, Math.min(left, IMAGE_BYTES / 4));
    left -= bytes;
    const list = join(scratch, "files");
    const archive = join(scratch, "layer.tar");
    await writeFile(list, chosen.map((path) => path.slice(1)).join("\n"));
    await run("tar", ["--format=pax", "--owner=0", "--group=0", "--mtime=@0", "-C", "/", "-cf", archive, "-T", list]);
    layers.push(await readFile(archive));
    await rm(archive);
  }
  const built = image(layers, { Env: ["PATH=/bin:/usr/bin"], Cmd: ["/bin/sleep", "1000000"] });
  await writeLayout(directory, "1", built);
  const packed = [...built.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
  console.log(
    `image: ${((IMAGE_BYTES - left) / 1e6).toFixed(0)} MB in ${layers.length} layers, ${(packed / 1e6).toFixed(0)} MB packed\n`,
  );
  return built;
}

/**
 * Starts an engine with a data directory of its own, and ends it after the work.
 *
 * @template T
 * @param {string} directory its data directory
 * @param {(client: any) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withEngine(directory, work) {
  const binary = process.env.ZLAYER_SIDECAR ?? (await buildSidecar());
  const { SidecarSupervisor } = await importTypeScript("src/bridge/sidecar/supervisor.ts");
  const places = { dataDir: directory, socket: join(directory, "api.sock"), rootless: process.getuid() !== 0 };
  const supervisor = new SidecarSupervisor({ places, binary: async () => binary, log: () => {} });
  await supervisor.ensure();
  const { client } = supervisor;
  try {
    return await work(client);
  } finally {
    for (const { name } of await client.deployments()) {
      await client.removeDeployment(name);
    }
    await client.shutdown();
  }
}

/** A spec of one service. @param {string} reference image @param {number} replicas @param {string[]} [entrypoint] */
export function specOf(name, reference, replicas, entrypoint) {
  return JSON.stringify({
    version: "v1",
    deployment: name,
    services: {
      app: {
        image: { name: reference },
        ...(entrypoint && { command: { entrypoint } }),
        scale: { mode: "fixed", replicas },
        // No check: a container counts when its process runs, as it does for the others.
        health: { check: { type: "command", command: "true" } },
        stop_grace_period: "1s",
      },
    },
  });
}

/** Deploys and waits until all replicas run. @returns {Promise<any>} the last state */
export async function deployAndWait(client, spec, withinMs = 120_000) {
  const { deployment: name } = JSON.parse(spec);
  const signal = AbortSignal.timeout(withinMs);
  const stream = client.status({ follow: true, signal });
  await stream.next();
  await client.deploy(spec);
  for await (const line of stream) {
    if (line.type === "deployment" && line.deployment.name === name) {
      const service = line.deployment.services[0];
      if (service && service.desired > 0 && service.running === service.desired) {
        return line.deployment;
      }
    }
  }
  throw new Error(`${name} did not come up within ${withinMs} ms`);
}
