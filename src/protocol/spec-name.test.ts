import { describe, expect, it } from "vitest";
import { isSpecName } from "./spec-name";

describe("isSpecName", () => {
  it.each(["app.zlayer.yml", "app.zlayer.yaml", "zlayer.app.yml", "zlayer.yaml", ".zlayer.yml", "a.b.zlayer.yml"])(
    "takes %s",
    (name) => {
      expect(isSpecName(name)).toBe(true);
    },
  );

  it.each(["zlayer.json", "myzlayer.yml", "zlayerfile.yml", "zlayer", "app.yml", "zlayer.yml.bak"])(
    "leaves %s",
    (name) => {
      expect(isSpecName(name)).toBe(false);
    },
  );
});
