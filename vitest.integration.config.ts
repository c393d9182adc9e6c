import { defineConfig } from "vitest/config";

// Each file starts a registry and a sidecar of its own, and measures nothing: one after the other on a small machine.
export default defineConfig({
  test: {
    include: ["test/integration/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
