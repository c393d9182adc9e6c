// The image of samples/hello, assembled from Debian's static busybox: no registry and no container engine needed.
//   node scripts/sample-image.mjs DIRECTORY
import { access, readFile } from "node:fs/promises";
import { image, tar, writeLayout } from "./lib/oci-layout.mjs";
import { isMain, main, run } from "./lib/run.mjs";

/** Tag of the image in its layout. */
export const SAMPLE_TAG = "1";

const PAGE = `<!doctype html>
<title>Hello from ZLayer</title>
<body style="font: 18px system-ui; margin: 4em auto; max-width: 36em">
<h1>It runs.</h1>
<p>This page comes from a container on your own machine, started by the service <code>web</code> of <code>hello.zlayer.yml</code>.</p>
`;

// The first process of a container gets no default action for SIGTERM: without the trap it would be killed after the grace period.
const WEB = `#!/bin/sh
trap 'kill %1; exit 0' TERM INT
httpd -f -p 8080 -h /srv/www &
echo "serving /srv/www on port 8080"
n=0
while true; do
  n=$((n + 1))
  echo "$(date +%T) up for $n s, load $(cut -d' ' -f1 /proc/loadavg)"
  sleep 1 & wait $!
done
`;

const VISITOR = `#!/bin/sh
trap 'exit 0' TERM INT
n=0
while true; do
  n=$((n + 1))
  if wget -q -O /tmp/page "$WEB_URL"; then
    echo "visit $n: $(wc -c < /tmp/page) bytes from $WEB_URL"
  else
    echo "visit $n: no answer from $WEB_URL" >&2
  fi
  sleep 1 & wait $!
done
`;

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
  const own = tar([
    { path: "srv/www", directory: true },
    { path: "srv/www/index.html", data: PAGE },
    { path: "usr/bin/web", mode: 0o755, data: WEB },
    { path: "usr/bin/visitor", mode: 0o755, data: VISITOR },
  ]);
  const built = image([await busyboxLayer(), own], {
    Env: ["PATH=/bin:/usr/bin"],
    Cmd: ["/usr/bin/web"],
    ExposedPorts: { "8080/tcp": {} },
  });
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
