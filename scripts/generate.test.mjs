import { describe, expect, it } from "vitest";
import { generate, reduceDocument } from "./generate.mjs";

const ref = (name) => ({ $ref: `#/components/schemas/${name}` });

describe("reduceDocument", () => {
  const document = {
    paths: { "/a/x": { get: { schema: ref("A") } }, "/b": { get: { schema: ref("B") } } },
    components: { schemas: { A: { items: ref("Inner") }, B: {}, Inner: { self: ref("Inner") }, Streamed: {} } },
  };

  it("keeps the wanted paths and every schema that they reach, through others too", () => {
    const reduced = reduceDocument(document, ["/a/"]);
    expect(Object.keys(reduced.paths)).toEqual(["/a/x"]);
    expect(Object.keys(reduced.components.schemas)).toEqual(["A", "Inner"]);
  });

  it("keeps schemas that are named beside", () => {
    expect(Object.keys(reduceDocument(document, [], ["Streamed"]).components.schemas)).toEqual(["Streamed"]);
  });
});

describe("generate", () => {
  it("finds nothing stale", async () => {
    expect(await generate({ check: true })).toEqual([]);
  });
});
