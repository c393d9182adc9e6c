// Packages of the operating system, by what needs them.
import { access, readFile } from "node:fs/promises";
import { CommandFailed, run } from "./run.mjs";

/** Debian's and Ubuntu's names. */
const PACKAGES = {
  // The C toolchain and headers that the sidecar's dependencies compile with.
  build: ["gcc", "libc6-dev", "make", "pkg-config", "libseccomp-dev"],
  // What the sidecar calls: firewall rules and, for users without root, id mapping and the way out of the network namespace.
  run: ["nftables", "iproute2", "passt", "uidmap", "busybox-static"],
  // node-gyp, for the two native modules of the browser VS Code.
  browser: ["g++", "python3"],
  // ping is for the tests of the mesh; python3-venv for halmos, which proves the contracts' arithmetic.
  test: ["chromium", "docker-registry", "iputils-ping", "python3-venv"],
  bench: ["podman", "runc", "crun", "skopeo", "umoci", "iperf3", "iputils-ping"],
};

/** @typedef {keyof typeof PACKAGES} Purpose */

/** Releases that are older than `passt`; the engine takes `slirp4netns` there. */
const BEFORE_PASST = ["bullseye", "focal", "jammy"];

/**
 * The packages for these purposes by the names of one distribution.
 *
 * @param {string} osRelease the text of /etc/os-release; derivatives count as what `UBUNTU_CODENAME` or `ID_LIKE` says
 *   (https://www.freedesktop.org/software/systemd/man/latest/os-release.html)
 * @param {Purpose[]} purposes
 * @returns {{ packages: string[], byHand: string[] }} `byHand`: what is needed and has no package there
 */
export function packagesOn(osRelease, purposes) {
  const value = (key) => new RegExp(`^${key}="?([^"\\n]*)`, "m").exec(osRelease)?.[1] ?? "";
  const release = value("UBUNTU_CODENAME") || value("VERSION_CODENAME");
  const isUbuntu = `${value("ID")} ${value("ID_LIKE")}`.split(" ").includes("ubuntu");
  const names = [...new Set(purposes.flatMap((purpose) => PACKAGES[purpose]))].map((name) =>
    name === "passt" && BEFORE_PASST.includes(release) ? "slirp4netns" : name,
  );
  // Ubuntu's is an empty package that asks for a snap.
  const hasNone = (name) => isUbuntu && name === "chromium";
  return { packages: names.filter((name) => !hasNone(name)), byHand: names.filter(hasNone) };
}

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
  const { packages: wanted, byHand } = packagesOn(await osRelease(), purposes);
  const debian = await access("/usr/bin/dpkg-query").then(
    () => true,
    () => false,
  );
  if (!debian) {
    console.log(`  this is not a Debian or Ubuntu machine: be sure to have what Debian calls ${wanted.join(" ")}`);
    return;
  }
  if (byHand.includes("chromium") && !process.env.CHROMIUM) {
    throw new Error(
      "the tests need Chromium, of which Ubuntu has no package. Set CHROMIUM to the path of its program; `npx playwright-core install chromium` fetches one",
    );
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

function osRelease() {
  return readFile("/etc/os-release", "utf8").catch(() => "");
}

/** `Debian GNU/Linux 12 (bookworm)`. */
export async function systemName() {
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(await osRelease())?.[1] ?? process.platform;
}
