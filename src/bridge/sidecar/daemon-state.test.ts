import { describe, expect, it } from "vitest";
import { deploymentState } from "./daemon-state";
import type { ContainerInfo, DeploymentDetails, ServiceSummary } from "./types";

const details: DeploymentDetails = {
  name: "shop",
  status: "running",
  services: ["web"],
  service_health: [{ name: "web", replicas_running: 2, replicas_desired: 2, health: "healthy", endpoints: [] }],
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
};
const web: ServiceSummary = {
  name: "web",
  deployment: "shop",
  status: "running",
  replicas: 2,
  desired_replicas: 2,
  endpoints: [
    { name: "http", protocol: "http", port: 80, url: "http://localhost:8080" },
    { name: "admin", protocol: "http", port: 81, url: null },
  ],
};
const container = (id: string, replica: string, more: Partial<ContainerInfo> = {}): ContainerInfo => ({
  id,
  image: "web:1",
  state: "running",
  created_at: "2026-01-01T00:00:00Z",
  labels: { "zlayer.deployment": "shop", "zlayer.service": "web", "zlayer.replica": replica },
  ...more,
});

describe("the state of a stock daemon", () => {
  it("puts containers under their services, in the order of their numbers", () => {
    const foreign = container("x", "0", { labels: {} });
    const state = deploymentState(details, [web], [container("b", "1"), foreign, container("a", "0")]);
    expect(state.phase).toBe("running");
    expect(state.services[0]).toMatchObject({
      phase: "running",
      image: "web:1",
      desired: 2,
      running: 2,
      healthy: 2,
      addresses: ["http://localhost:8080"],
    });
    expect(state.services[0]?.replicas.map(({ id, index }) => [id, index])).toEqual([
      ["a", 0],
      ["b", 1],
    ]);
  });

  it("says that a service is unhealthy although its containers run", () => {
    const sick = {
      ...details,
      service_health: details.service_health.map((each) => ({ ...each, health: "unhealthy" })),
    };
    expect(deploymentState(sick, [web], []).services[0]).toMatchObject({ phase: "unhealthy", healthy: 0 });
  });

  it.each([
    ["pending", "waiting"],
    ["deploying", "starting"],
    ["running", "running"],
    ["Failed", "failed"],
    ["stopped", "stopped"],
  ])("takes the status %s for the phase %s", (status, phase) => {
    expect(deploymentState({ ...details, status }, [], []).phase).toBe(phase);
  });

  it("keeps how a container ended", () => {
    const ended = container("a", "0", { state: "exited", exit_code: 3 });
    expect(deploymentState(details, [web], [ended]).services[0]?.replicas[0]).toMatchObject({
      phase: "stopped",
      exit_code: 3,
    });
  });
});
