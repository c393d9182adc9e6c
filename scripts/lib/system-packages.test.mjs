import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { packagesOn, requireSystemPackages } from "./system-packages.mjs";

const DEBIAN_12 =
  'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n';
const UBUNTU_22 = 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nUBUNTU_CODENAME=jammy\n';
const UBUNTU_24 = "VERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n";
const MINT_21 = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=vanessa\nUBUNTU_CODENAME=jammy\n';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The way out of a rootless network, and the tests' browser, are what distributions differ in. */
function check(osRelease, wayOut, browser) {
  const { packages, byHand } = packagesOn(osRelease, ["build", "run", "test"]);
  expect(packages.filter((name) => name === "passt" || name === "slirp4netns")).toEqual([wayOut]);
  expect(packages.includes("chromium")).toBe(browser === "package");
  expect(byHand).toEqual(browser === "package" ? [] : ["chromium"]);
  expect(packages).toContain("libseccomp-dev");
}

test("names are those of the distribution and its release", () => {
  check(DEBIAN_12, "passt", "package");
  check(UBUNTU_22, "slirp4netns", "by hand");
  check(UBUNTU_24, "passt", "by hand");
});

test("a derivative has the packages of what it is made from", () => {
  check(MINT_21, "slirp4netns", "by hand");
  check('ID=devuan\nID_LIKE=debian\nVERSION_CODENAME="daedalus"\n', "passt", "package");
  check("", "passt", "package");
});

/** Puts programs that fail or note their arguments before those of the system. */
async function standIns(scripts, work) {
  const directory = await mkdtemp(join(tmpdir(), "zl-packages-"));
  try {
    for (const [name, script] of Object.entries(scripts)) {
      await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
      await chmod(join(directory, name), 0o755);
    }
    vi.stubEnv("PATH", `${directory}${delimiter}${process.env.PATH}`);
    return await work();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** `gcc` is there, all else is not. */
const DPKG_QUERY = 'case "$*" in *" gcc") echo "ii "; exit 0;; esac; exit 1';

test("an ordinary user gets the one command that installs what is missing", async () => {
  vi.spyOn(process, "getuid").mockReturnValue(1000);
  await standIns({ "dpkg-query": DPKG_QUERY, "apt-get": "exit 9" }, async () => {
    await expect(requireSystemPackages(["build"])).rejects.toThrow(
      /Run this, then start again:\n\n {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends libc6-dev make pkg-config libseccomp-dev\n$/,
    );
  });
});

test("root has it installed, and hears why that fails", async () => {
  vi.spyOn(process, "getuid").mockReturnValue(0);
  vi.spyOn(console, "log").mockImplementation(() => {});
  const aptGet = 'case "$1" in update) exit 0;; esac; echo "no space left"; exit 100';
  await standIns({ "dpkg-query": DPKG_QUERY, "apt-get": aptGet }, async () => {
    await expect(requireSystemPackages(["build"])).rejects.toMatchObject({
      message: expect.stringContaining("cannot install libc6-dev make pkg-config libseccomp-dev: apt-get install"),
      output: "no space left\n",
    });
  });
});
