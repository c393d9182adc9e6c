import { fileURLToPath } from "node:url";

const source = (path) => fileURLToPath(new URL(`../src/webviews/${path}`, import.meta.url));

/**
 * What esbuild makes of the webviews: one script and one style sheet each.
 *
 * @param {string} outdir Directory for `logs.js`, `logs.css`, `metrics.js`, …
 * @returns {import("esbuild").BuildOptions}
 */
export function webviewBundles(outdir) {
  return {
    platform: "browser",
    format: "iife",
    target: "chrome128",
    entryPoints: {
      logs: source("logs/main.ts"),
      market: source("market/main.ts"),
      metrics: source("metrics/main.ts"),
      wallet: source("wallet/main.ts"),
    },
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    outdir,
  };
}
