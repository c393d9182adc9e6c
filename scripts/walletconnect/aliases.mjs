import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const module = (name) => path(`../../node_modules/@walletconnect/${name}/dist/index.es.js`);

/** Packages of WalletConnect that do not survive bundling as they are, and what esbuild takes in their place. */
export const walletConnect = {
  // As modules: a bundled `import()` of their CommonJS has a default export only.
  "@walletconnect/sign-client": module("sign-client"),
  "@walletconnect/core": module("core"),
  "@walletconnect/utils": module("utils"),
  "@walletconnect/keyvaluestorage": path("key-value-storage.mjs"),
  "@walletconnect/jsonrpc-ws-connection": path("ws-connection.mjs"),
};
