import { defineConfig } from "vitest/config";

/** The built webviews in Chromium, with a host that speaks their messages. */
export default defineConfig({
  test: {
    name: "webviews",
    include: ["test/webviews/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
