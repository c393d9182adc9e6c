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
    entryPoints: { logs: "src/webviews/logs/main.ts", metrics: "src/webviews/metrics/main.ts" },
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    outdir,
  };
}
