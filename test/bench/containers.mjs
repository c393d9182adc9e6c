// Starting 1 and 50 containers of a 200 MB image, network included, against runc (one after the other, without network) and podman.
//   node test/bench/containers.mjs [N]
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { main, onPath, run } from "../../scripts/lib/run.mjs";
import { deployAndWait, report, specOf, timed, withDirectory, withEngine, writeLargeImage } from "./support.mjs";

const SLEEP = ["/bin/sleep", "1000000"];
const quiet = { capture: true };

/** Kilobytes on disk, each file counted once. */
async function diskOf(directory) {
  return Number((await run("du", ["-sk", directory], quiet)).split("\t")[0]);
}

async function engine(directory, layout, count) {
  await mkdir(join(directory, "images", "layouts"), { recursive: true });
  await run("cp", ["-a", layout, join(directory, "images", "layouts", "bench")]);
  const reference = "oci-layout.localhost/bench:1";
  return withEngine(directory, async (client) => {
    // The image is unpacked before the clock starts, as it is for the others.
    await deployAndWait(client, specOf("warm", reference, 1, SLEEP));
    const single = await diskOf(directory);
    await client.removeDeployment("warm");
    const one = await timed(() => deployAndWait(client, specOf("one", reference, 1, SLEEP)));
    await client.removeDeployment("one");
    const many = await timed(() => deployAndWait(client, specOf("many", reference, count, SLEEP)));
    const disk = (await diskOf(directory)) / single;
    const removed = await timed(() => client.removeDeployment("many"));
    return { one, many, disk, removed };
  });
}

async function runc(directory, layout, count) {
  const bundle = join(directory, "bundle");
  await run("umoci", ["unpack", "--image", `${layout}:1`, bundle], quiet);
  const path = join(bundle, "config.json");
  const config = JSON.parse(await readFile(path, "utf8"));
  config.process.terminal = false;
  config.process.args = SLEEP;
  config.root.readonly = true;
  const names = Array.from({ length: count }, (_, index) => `zl-bench-${process.pid}-${index}`);
  const root = ["--root", join(directory, "state")];
  const start = async (name) => {
    await writeFile(path, JSON.stringify({ ...config, linux: { ...config.linux, cgroupsPath: `/${name}` } }));
    await run("runc", [...root, "run", "--detach", "--bundle", bundle, name], { capture: false });
  };
  try {
    const one = await timed(() => start(names[0]));
    const many = await timed(async () => {
      for (const name of names.slice(1)) {
        await start(name);
      }
    });
    return { one, many: (many / (count - 1)) * count };
  } finally {
    for (const name of names) {
      await run("runc", [...root, "delete", "--force", name], quiet).catch(() => {});
    }
  }
}

async function podman(directory, layout, count) {
  const global = ["--root", join(directory, "storage"), "--runroot", join(directory, "run"), "--runtime", "runc"];
  global.push("--cgroup-manager", "cgroupfs", "--storage-driver", "overlay");
  const call = (...args) => run("podman", [...global, ...args], quiet);
  const id = (await call("pull", "--quiet", `oci:${layout}:1`)).trim();
  const start = () =>
    call("run", "--detach", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", id, ...SLEEP);
  try {
    await start();
    const one = await timed(start);
    const many = await timed(async () => {
      for (let index = 0; index < count; index += 1) {
        await start();
      }
    });
    return { one, many };
  } finally {
    await call("rm", "--all", "--force", "--time", "0").catch(() => {});
    await call("system", "reset", "--force").catch(() => {});
  }
}

await main(async () => {
  const count = Number(process.argv[2] ?? 50);
  await withDirectory(async (directory) => {
    const layout = join(directory, "layout");
    await writeLargeImage(layout, directory);
    const results = {};
    for (const [name, measure] of Object.entries({ runc, podman, engine })) {
      if (name !== "engine" && !(await onPath(name))) {
        console.log(`${name} is not installed (node scripts/bootstrap.mjs --bench)`);
        continue;
      }
      const own = join(directory, name);
      await mkdir(own);
      results[name] = await measure(own, layout, count).catch((error) => {
        console.log(`${name} cannot be measured here: ${error.message}\n${error.output ?? ""}`);
      });
    }
    for (const [key, what] of [
      ["one", "1 container"],
      ["many", `${count} containers`],
    ]) {
      for (const name of ["runc", "podman"]) {
        if (results[name]) {
          report(`${name}: ${what}`, results[name][key]);
          report(`zlayer-sidecar: ${what}`, results.engine[key], { name, ms: results[name][key] });
        }
      }
    }
    report(`zlayer-sidecar: removing ${count}`, results.engine.removed);
    console.log(`disk of ${count} replicas: ${results.engine.disk.toFixed(3)} of one`);
  });
});
