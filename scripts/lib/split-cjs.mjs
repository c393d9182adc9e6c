// Code splitting for CommonJS, which esbuild has for ES modules only: bundles as ES modules, then turns each output into
// CommonJS. What an entry imports with `import()` is then a file of its own, which is read when it is asked for.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { transform } from "esbuild";

/** @returns {import("esbuild").Plugin} */
export function splitCjs() {
  return {
    name: "split-cjs",
    setup(build) {
      const { minify, sourcemap, target } = build.initialOptions;
      Object.assign(build.initialOptions, { format: "esm", splitting: true, write: false, minify: false });
      build.onEnd(async ({ outputFiles = [] }) => {
        for (const file of outputFiles) {
          await mkdir(dirname(file.path), { recursive: true });
          if (!file.path.endsWith(".js")) {
            await writeFile(file.path, file.contents);
            continue;
          }
          const { code } = await transform(file.text, {
            format: "cjs",
            platform: "node",
            target,
            minify,
            sourcemap: sourcemap ? "inline" : false,
            legalComments: "none",
            // `import()` of a CommonJS file through `require`: the editor hands out `vscode` there only.
            supported: { "dynamic-import": false },
          });
          await writeFile(file.path, code);
        }
      });
    },
  };
}
