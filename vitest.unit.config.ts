import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.mjs", "test/conformance/**/*.test.ts"],
    globalSetup: ["src/bridge/market/testing/compile-contracts.ts"],
  },
});
