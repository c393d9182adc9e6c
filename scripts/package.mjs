// Makes the .vsix that users install: the bundles, the sidecar built for release, and nothing else. `npm run package`.
import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bootstrap, buildSidecar, bundle } from "./bootstrap.mjs";
import { BUNDLED_SIDECAR, ROOT } from "./lib/paths.mjs";
import { isMain, main, run, step } from "./lib/run.mjs";
import { readVsix, vsixViolations } from "./lib/vsix.mjs";
import { thirdPartyNotices } from "./third-party-notices.mjs";

async function checkContents(vsix) {
  const contents = await readVsix(vsix);
  const violations = vsixViolations(contents, await readFile(join(ROOT, "SPECIFICATION.md"), "utf8"));
  if (violations.length > 0) {
    throw new Error(`the package breaks a promise of SPECIFICATION.md:\n${violations.join("\n")}`);
  }
  console.log(`  ${contents.files.length} files, ${(contents.packedBytes / 1e6).toFixed(1)} MB packed`);
}

/**
 * Builds and packs everything.
 *
 * @returns {Promise<string>} path of the .vsix
 */
export async function packageExtension() {
  const { name, version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const vsix = join(ROOT, `${name}-linux-x64-${version}.vsix`);
  await step("bundles", bundle);
  await step("sidecar", async () => {
    const built = await buildSidecar();
    await mkdir(dirname(BUNDLED_SIDECAR), { recursive: true });
    await copyFile(built, BUNDLED_SIDECAR);
    await chmod(BUNDLED_SIDECAR, 0o755);
  });
  await step("notices", () => writeFile(join(ROOT, "dist", "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices()));
  await step("package", () =>
    run(
      join(ROOT, "node_modules", ".bin", "vsce"),
      [
        "package",
        "--no-dependencies",
        "--allow-missing-repository",
        "--no-rewrite-relative-links",
        "--target",
        "linux-x64",
        "--out",
        vsix,
      ],
      { cwd: ROOT, capture: true },
    ),
  );
  await step("contents of the package", () => checkContents(vsix));
  return vsix;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await bootstrap([]);
    console.log(await packageExtension());
  });
}
