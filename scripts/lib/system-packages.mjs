// Packages of the operating system, by what needs them.
import { access, readFile } from "node:fs/promises";
import { CommandFailed, run } from "./run.mjs";

/** Debian's and Ubuntu's names. */
const PACKAGES = {
  // The C toolchain and headers that the sidecar's dependencies compile with.
  build: ["gcc", "libc6-dev", "make", "pkg-config", "libseccomp-dev", "protobuf-compiler"],
  // What the sidecar calls: firewall rules and, for users without root, id mapping and the way out of the network namespace.
  run: ["nftables", "iproute2", "passt", "uidmap", "busybox-static"],
  // node-gyp, for the two native modules of the browser VS Code.
  browser: ["g++", "python3"],
  // python3-venv is for halmos, which proves the contracts' arithmetic.
  test: ["chromium", "docker-registry", "python3-venv"],
  bench: ["podman", "runc", "crun", "skopeo", "umoci"],
};

/** @typedef {keyof typeof PACKAGES} Purpose */

async function installed(name) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are dpkg-query's
  return run("dpkg-query", ["-W", "-f=${db:Status-Abbrev}", name], { capture: true }).then(
    (status) => status.startsWith("ii"),
    () => false,
  );
}

/**
 * Makes sure that the packages for these purposes are there: installs what is missing as root on Debian and its derivatives;
 * otherwise ends with the one command that does.
 *
 * @param {Purpose[]} purposes
 * @throws {Error} that names the missing packages and the command
 */
export async function requireSystemPackages(purposes) {
  const wanted = [...new Set(purposes.flatMap((purpose) => PACKAGES[purpose]))];
  const debian = await access("/usr/bin/dpkg-query").then(
    () => true,
    () => false,
  );
  if (!debian) {
    console.log(`  this is not a Debian or Ubuntu machine: be sure to have what Debian calls ${wanted.join(" ")}`);
    return;
  }
  const found = await Promise.all(wanted.map(installed));
  const missing = wanted.filter((_, index) => !found[index]);
  if (missing.length === 0) {
    return;
  }
  if (process.getuid?.() !== 0) {
    throw new Error(
      `missing system packages. Run this, then start again:\n\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(" ")}\n`,
    );
  }
  console.log(`  installing ${missing.join(" ")}`);
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    await refreshPackageLists();
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing], { capture: true, env });
  } catch (error) {
    throw new CommandFailed(`cannot install ${missing.join(" ")}: ${error.message}`, error.output ?? "");
  }
}

/** Asks the distribution which packages there are. Needs root. */
export async function refreshPackageLists() {
  await run("apt-get", ["update", "-qq"], { capture: true });
}

/** `Debian GNU/Linux 12 (bookworm)`. */
export async function systemName() {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? process.platform;
}
