// Bundles the extension, the language server and the webviews into dist/. `--watch` rebuilds on change, `--dev` keeps names and maps.
import { rmSync, writeFileSync } from "node:fs";
import { context } from "esbuild";
import { splitCjs } from "./lib/split-cjs.mjs";
import { walletConnect } from "./walletconnect/aliases.mjs";
import { webviewBundles } from "./webview-bundles.mjs";

const dev = process.argv.includes("--dev") || process.argv.includes("--watch");
const common = {
  bundle: true,
  minify: !dev,
  sourcemap: dev,
  logLevel: "info",
  legalComments: "none",
  metafile: true,
  target: "es2022",
};
const node = { ...common, platform: "node", format: "cjs", target: "node20" };

rmSync("dist", { recursive: true, force: true });
const bundles = [
  {
    ...node,
    entryPoints: { "extension/main": "src/extension/main.ts" },
    external: ["vscode"],
    alias: walletConnect,
    outdir: "dist",
    chunkNames: "extension/[name]-[hash]",
    plugins: [splitCjs()],
  },
  {
    ...node,
    entryPoints: { "bridge/headless": "src/bridge/headless.ts" },
    outdir: "dist",
  },
  {
    ...node,
    entryPoints: { "language/server": "src/language/server.ts" },
    outdir: "dist",
  },
  { ...common, ...webviewBundles("dist/webviews") },
];
const inputs = new Set();
for (const options of bundles) {
  const build = await context(options);
  if (process.argv.includes("--watch")) {
    await build.watch();
  } else {
    const { metafile } = await build.rebuild();
    for (const input of Object.keys(metafile.inputs)) inputs.add(input);
    await build.dispose();
  }
}
// What went into the bundles: scripts/third-party-notices.mjs reads it.
writeFileSync("dist/inputs.json", JSON.stringify([...inputs].sort()));
