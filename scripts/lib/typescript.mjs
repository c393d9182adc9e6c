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
    // What is CommonJS among the bundled packages asks for Node's own modules this way.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(`${ROOT}/`)});`,
    },
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
