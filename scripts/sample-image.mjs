// The image of samples/hello, assembled from Debian's static busybox: no registry and no container engine needed.
// What the sample does stands in its spec, so that busybox's image of the public registry does as well.
//   node scripts/sample-image.mjs DIRECTORY
import { access, readFile } from "node:fs/promises";
import { image, tar, writeLayout } from "./lib/oci-layout.mjs";
import { isMain, main, run } from "./lib/run.mjs";

/** Tag of the image in its layout. */
export const SAMPLE_TAG = "1";

async function busybox() {
  for (const path of ["/bin/busybox", "/usr/bin/busybox"]) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) {
      return path;
    }
  }
  throw new Error("no busybox found: install the package busybox-static");
}

/**
 * The lowest layer of the sample and of images in tests: busybox, a shell and the usual small commands.
 *
 * @returns {Promise<Buffer>} a tar archive
 */
export async function busyboxLayer() {
  const path = await busybox();
  const applets = (await run(path, ["--list"], { capture: true }))
    .split("\n")
    .filter((name) => /^[a-z0-9]+$/.test(name));
  return tar([
    ...["bin", "etc", "root", "srv", "usr", "usr/bin", "var", "dev", "proc", "sys"].map((name) => ({
      path: name,
      directory: true,
    })),
    { path: "tmp", directory: true, mode: 0o1777 },
    { path: "etc/passwd", data: "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
    { path: "etc/group", data: "root:x:0:\nnogroup:x:65534:\n" },
    { path: "bin/busybox", mode: 0o755, data: await readFile(path) },
    ...applets.filter((name) => name !== "busybox").map((name) => ({ path: `bin/${name}`, link: "busybox" })),
  ]);
}

/**
 * Writes the sample's image.
 *
 * @param {string} directory the layout; replaced when it is there
 */
export async function writeSampleImage(directory) {
  const built = image([await busyboxLayer()], { Env: ["PATH=/bin:/usr/bin"], Cmd: ["sh"] });
  await writeLayout(directory, SAMPLE_TAG, built);
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const directory = process.argv[2];
    if (!directory) {
      throw new Error("usage: node scripts/sample-image.mjs DIRECTORY");
    }
    await writeSampleImage(directory);
    console.log(directory);
  });
}
