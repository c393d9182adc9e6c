import { describe, expect, it } from "vitest";
import { deploymentState, reason, replicaState } from "./fake-engine";
import type { ServiceState } from "./types";
import { amount, describeDeployment, describeReplica, describeService, size } from "./words";

describe("amount", () => {
  it.each([
    [{ done: 43_400_000, total: 120_000_000, unit: "bytes" }, "43 of 120 MB"],
    [{ done: 1_200_000, total: 2_000_000, unit: "bytes" }, "1.2 of 2 MB"],
    [{ done: 640_000, unit: "bytes" }, "640 kB"],
    [{ done: 3, total: 5, unit: "steps" }, "3 of 5"],
    [{ done: 3, total: null, unit: "steps" }, "3"],
  ] as const)("%j is %s", (progress, words) => {
    expect(amount(progress)).toBe(words);
  });
});

describe("size", () => {
  it.each([
    [0, "0 kB"],
    [1500, "1.5 kB"],
    [43_000_000, "43 MB"],
    [1_260_000_000, "1.3 GB"],
  ])("%d is %s", (bytes, words) => {
    expect(size(bytes)).toBe(words);
  });
});

describe("descriptions", () => {
  const pulling = reason("pulling", "pulling 43 of 120 MB");
  const service = (more: Partial<ServiceState>): ServiceState =>
    deploymentState("hello", more).services[0] as ServiceState;

  it("says what a deployment waits for, or how much of it is healthy", () => {
    expect(describeDeployment(deploymentState("hello", { desired: 3, healthy: 2 }))).toBe("2/3 healthy");
    expect(describeDeployment(deploymentState("hello", { phase: "waiting" }, { reason: pulling }))).toBe(
      "pulling 43 of 120 MB",
    );
    expect(describeDeployment(deploymentState("hello", { phase: "stopped" }))).toBe("stopped");
  });

  it("takes a replica's reason for a service that has none", () => {
    const replicas = [replicaState(0, { phase: "waiting", reason: pulling })];
    expect(describeService(service({ phase: "waiting", healthy: 0, replicas }))).toBe(
      "0/1 healthy · pulling 43 of 120 MB",
    );
    expect(describeService(service({ phase: "stopped", desired: 0, healthy: 0 }))).toBe("stopped");
  });

  it("counts no replica that is to go", () => {
    expect(describeService(service({ desired: 1, healthy: 2 }))).toBe("1/1 healthy");
    expect(describeDeployment(deploymentState("hello", { desired: 1, healthy: 2 }))).toBe("1/1 healthy");
  });

  it("tells of a replica how it is, where it is, and how it ended", () => {
    expect(describeReplica(replicaState(0, { ipv4: "10.0.0.2", restarts: 1 }))).toBe("healthy · 1 restart · 10.0.0.2");
    expect(describeReplica(replicaState(0, { health: "pending" }))).toBe("health check pending");
    expect(describeReplica(replicaState(0, { phase: "failed", exit_code: 127 }))).toBe("failed, exit code 127");
  });
});
