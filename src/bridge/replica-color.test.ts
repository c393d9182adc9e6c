import { describe, expect, it } from "vitest";
import { pickReplicaColor, REPLICA_COLORS } from "./replica-color";

describe("pickReplicaColor", () => {
  it("is always the same, and differs from replica to replica", () => {
    const colors = Array.from({ length: REPLICA_COLORS }, (_, at) => pickReplicaColor("web", at, new Set()));
    expect(new Set(colors).size).toBe(REPLICA_COLORS);
    expect(pickReplicaColor("web", 3, new Set())).toBe(colors[3]);
  });

  it("avoids what is taken, as long as there is something else", () => {
    const wanted = pickReplicaColor("web", 0, new Set());
    expect(pickReplicaColor("web", 0, new Set([wanted]))).not.toBe(wanted);
    const all = new Set(Array.from({ length: REPLICA_COLORS }, (_, at) => at));
    expect(pickReplicaColor("web", 0, all)).toBe(wanted);
  });
});
