// kubo, the IPFS node that tests talk to: the one of this machine, or one that Go builds once into the cache.
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, ROOT } from "./paths.mjs";
import { onPath, run } from "./run.mjs";

/** go.mod and go.sum that pin what is built. */
const PINS = join(ROOT, "scripts", "kubo");

/** There is no kubo here, and none can be built; the message says what to do. */
export class NoKubo extends Error {
  name = "NoKubo";
}

/**
 * The path of a kubo binary: what `KUBO` names, `ipfs` of the PATH, the one in the cache, or a new one built with Go, which takes some
 * minutes the first time.
 *
 * @returns {Promise<string>}
 * @throws {NoKubo}
 */
export async function kubo() {
  if (process.env.KUBO) {
    return process.env.KUBO;
  }
  if (await onPath("ipfs")) {
    return "ipfs";
  }
  const version = /github\.com\/ipfs\/kubo v([\d.]+)/.exec(await readFile(join(PINS, "go.mod"), "utf8"))?.[1];
  const binary = join(CACHE, `kubo-${version}`, "ipfs");
  if (existsSync(binary)) {
    return binary;
  }
  const remedy = "Install kubo (https://docs.ipfs.tech/install/command-line/), or name its binary: KUBO=<path of ipfs>";
  if (!(await onPath("go"))) {
    throw new NoKubo(`there is no IPFS node here, and no Go to build one. ${remedy}`);
  }
  console.log(`  building kubo ${version}, which takes some minutes the first time`);
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "kubo-build-"));
  try {
    await cp(PINS, work, { recursive: true });
    await run(
      "go",
      ["build", "-trimpath", "-mod=mod", "-ldflags", "-s -w", "-o", "out/ipfs", "github.com/ipfs/kubo/cmd/ipfs"],
      {
        cwd: work,
        capture: true,
      },
    );
    await mkdir(join(CACHE, `kubo-${version}`), { recursive: true });
    await rename(join(work, "out", "ipfs"), binary);
    return binary;
  } catch (error) {
    const output = error instanceof Error && "output" in error ? `\n${String(error.output).slice(-2_000)}` : "";
    throw new NoKubo(
      `kubo ${version} cannot be built: ${error instanceof Error ? error.message : error}${output}\n${remedy}`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
