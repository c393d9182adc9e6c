import { describe, expect, it } from "vitest";
import { deploymentState, reason, replicaState } from "../../bridge/sidecar/fake-engine";
import type { ServiceState } from "../../bridge/sidecar/types";
import { changedRows } from "./changed-rows";

const two = { desired: 2, replicas: [replicaState(0), replicaState(1)] };

function rows(before: Partial<ServiceState>, after: Partial<ServiceState>): string[] {
  return changedRows(deploymentState("hello", before), deploymentState("hello", after));
}

describe("changedRows", () => {
  it("draws nothing again when nothing changed", () => {
    expect(rows(two, two)).toEqual([]);
  });

  it("draws one replica again when only that changed", () => {
    expect(rows(two, { ...two, replicas: [replicaState(0), replicaState(1, { restarts: 1 })] })).toEqual([
      "hello/web/c1",
    ]);
  });

  it("draws the service again when its replicas come and go, or one has another reason", () => {
    expect(rows(two, { ...two, replicas: [replicaState(0)] })).toEqual(["hello/web"]);
    const waiting = replicaState(1, { reason: reason("starting", "waits for its address") });
    expect(rows(two, { ...two, replicas: [replicaState(0), waiting] })).toEqual(["hello/web"]);
  });

  it("draws the deployment again when its count or its services change", () => {
    expect(rows(two, { ...two, healthy: 2 })).toEqual(["hello"]);
    const before = deploymentState("hello", two);
    expect(changedRows(before, { ...before, services: [] })).toEqual(["hello"]);
    expect(changedRows(before, { ...before, phase: "failed" })).toEqual(["hello"]);
  });
});
