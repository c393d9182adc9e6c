// Memory and processor time of an engine that has nothing to do: alone, with ten containers that sleep, and when they have gone.
// The engine's own process; the shims of the containers are shown beside it.
//   node test/bench/idle.mjs [SECONDS]
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { main } from "../../scripts/lib/run.mjs";
import { writeSampleImage } from "../../scripts/sample-image.mjs";
import { deployAndWait, specOf, withDirectory, withEngine } from "./support.mjs";

/** Clock ticks a second: fixed by Linux's interface. */
const TICKS = 100;

async function cpuSeconds(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function proportionalMegabytes(pid) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return (Number(/^Pss:\s+(\d+)/m.exec(text)[1]) * 1024) / 1e6;
}

/** Of the processes that stand beside each container of this engine, together. */
async function shimMegabytes(directory) {
  let sum = 0;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.includes("\0shim\0") && command.includes(directory)) {
      sum += await proportionalMegabytes(pid);
    }
  }
  return sum;
}

async function measure(name, pid, seconds, directory) {
  await sleep(5000);
  const before = await cpuSeconds(pid);
  await sleep(seconds * 1000);
  const share = ((await cpuSeconds(pid)) - before) / seconds;
  const [engine, shims] = [await proportionalMegabytes(pid), await shimMegabytes(directory)];
  console.log(
    `${name.padEnd(28)} ${engine.toFixed(1)} MB   ${(share * 100).toFixed(2)} % of a core   shims ${shims.toFixed(1)} MB`,
  );
}

await main(() =>
  withDirectory(async (directory) => {
    const seconds = Number(process.argv[2] ?? 30);
    await mkdir(join(directory, "images"));
    await writeSampleImage(join(directory, "images", "layouts", "hello"));
    await withEngine(directory, async (client) => {
      const { pid } = await client.info();
      await measure("nothing deployed", pid, seconds, directory);
      await deployAndWait(client, specOf("ten", "oci-layout.localhost/hello:1", 10, ["/bin/sleep", "1000000"]));
      await measure("10 containers that sleep", pid, seconds, directory);
      await client.removeDeployment("ten");
      // Memory is given back some seconds later.
      await sleep(5000);
      await measure("when they have gone", pid, seconds, directory);
    });
  }),
);
