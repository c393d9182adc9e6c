// Scripts share code with the extension, which is TypeScript, by bundling the module on the fly.
import { join } from "node:path";
import { ROOT } from "./paths.mjs";

/**
 * Imports a TypeScript module of this project that does not import `vscode`. Needs the node modules.
 *
 * @param {string} path below the checkout
 * @returns {Promise<any>} its exports
 */
export async function importTypeScript(path) {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, path)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
