// wireguard-go, the implementation that the mesh is tested and measured against: the one of this machine, or one that Go builds
// once into the cache, with its module proxy. Prints its path:
//   node scripts/wireguard-go.mjs
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { isMain, main, onPath, run } from "./lib/run.mjs";

/** go.mod and go.sum that pin what is built. */
const PINS = join(ROOT, "scripts", "wireguard-go");

const REMEDY = "Install wireguard-go (Debian: apt-get install wireguard-go), or name its binary: WIREGUARD_GO=<path>";

/**
 * The path of a wireguard-go binary: what `WIREGUARD_GO` names, or a new one of the pinned version, built with Go in some seconds, or
 * where there is no Go `wireguard-go` of the PATH, which is often years older.
 *
 * @returns {Promise<string>}
 * @throws {Error} that says what to do where it cannot be had
 */
export async function wireguardGo() {
  if (process.env.WIREGUARD_GO) {
    return process.env.WIREGUARD_GO;
  }
  const version = /golang\.zx2c4\.com\/wireguard v(\S+)/.exec(await readFile(join(PINS, "go.mod"), "utf8"))?.[1];
  const home = join(CACHE, `wireguard-go-${version}`);
  const binary = join(home, "wireguard-go");
  if (existsSync(binary)) {
    return binary;
  }
  if (!(await onPath("go"))) {
    if (await onPath("wireguard-go")) {
      return "wireguard-go";
    }
    throw new Error(`there is no wireguard-go here, and no Go to build one. ${REMEDY}`);
  }
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, "wireguard-go-build-"));
  try {
    await cp(PINS, work, { recursive: true });
    const built = join("out", "wireguard-go");
    const flags = ["-trimpath", "-mod=mod", "-ldflags", "-s -w", "-o", built];
    await run("go", ["build", ...flags, "golang.zx2c4.com/wireguard"], { cwd: work, capture: true });
    await mkdir(home, { recursive: true });
    await rename(join(work, built), binary);
    return binary;
  } catch (error) {
    throw new Error(`wireguard-go cannot be built: ${error instanceof Error ? error.message : error}\n${REMEDY}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  await main(async () => console.log(await wireguardGo()));
}
