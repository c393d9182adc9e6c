import { describe, expect, it } from "vitest";
import type { MetricsContainer } from "../../protocol/webview-metrics";
import { align, latest, limitOf, MetricsModel } from "./metric-series";

function container(
  id: string,
  service: string,
  replica: number,
  points: [seconds: number, cpu: number | null][],
  change: Partial<MetricsContainer> = {},
): MetricsContainer {
  const column = points.map(([, value]) => value);
  return {
    id,
    service,
    replica,
    color: replica,
    cpuLimit: 500,
    memoryLimit: null,
    points: {
      times: points.map(([seconds]) => seconds * 1_000),
      cpu: column,
      memory: [...column],
      rx: [...column],
      tx: [...column],
      read: [...column],
      write: [...column],
    },
    ...change,
  };
}

function modelOf(...containers: MetricsContainer[]): MetricsModel {
  const model = new MetricsModel();
  model.reset(containers);
  return model;
}

describe("MetricsModel", () => {
  it("groups by replica or by service, in order", () => {
    const model = modelOf(container("b", "web", 1, []), container("c", "db", 0, []), container("a", "web", 0, []));
    expect(model.groups("replica").map(({ name }) => name)).toEqual(["db/0", "web/0", "web/1"]);
    expect(model.groups("service").map(({ name, containers }) => [name, containers.length])).toEqual([
      ["db", 1],
      ["web", 2],
    ]);
  });

  it("adds points to what is there, and takes over new limits", () => {
    const model = modelOf(container("a", "web", 0, [[1, 10]]));
    model.append([container("a", "web", 0, [[2, 20]], { cpuLimit: 900 }), container("b", "web", 1, [[2, 5]])]);
    const [first] = model.groups("replica");
    expect(first?.containers[0]?.points.cpu).toEqual([10, 20]);
    expect(first?.containers[0]?.cpuLimit).toBe(900);
    expect(model.newest).toBe(2_000);
  });

  it("drops what is older than an hour", () => {
    const model = modelOf(container("a", "web", 0, [[0, 1]]));
    for (let at = 1; at < 8_000; at += 1) {
      model.append([container("a", "web", 0, [[at, 1]])]);
    }
    const { times } = model.groups("replica")[0]?.containers[0]?.points ?? { times: [] };
    expect(times.length).toBeLessThan(3_600 + 310);
    expect(times.at(-1)).toBe(7_999_000);
  });
});

describe("align", () => {
  it("puts lines side by side at whole seconds; what was not measured is no gap", () => {
    const model = modelOf(
      container("a", "web", 0, [
        [10.1, 1],
        [12.1, 3],
      ]),
      container("b", "web", 1, [
        [9.9, 5],
        [11, null],
        [12, 7],
      ]),
    );
    expect(align(model.groups("replica"), ["cpu"], 0, 100)).toEqual({
      times: [10, 11, 12],
      values: [
        [1, undefined, 3],
        [5, null, 7],
      ],
    });
  });

  it("sums a service, and counts each container's last value until its next one", () => {
    const model = modelOf(
      container("a", "web", 0, [
        [10, 1],
        [15, 2],
      ]),
      container("b", "web", 1, [
        [11, 10],
        [12, 20],
        [30, 30],
      ]),
    );
    expect(align(model.groups("service"), ["cpu"], 0, 100)).toEqual({
      times: [10, 11, 12, 15, 30],
      values: [[1, 11, 21, 22, 30]],
    });
  });

  it("takes no more than what is in sight", () => {
    const model = modelOf(
      container(
        "a",
        "web",
        0,
        Array.from({ length: 100 }, (_, at) => [at, at]),
      ),
    );
    const { times } = align(model.groups("replica"), ["cpu"], 50, 60);
    expect([times[0], times.at(-1)]).toEqual([42, 68]);
  });
});

describe("current values", () => {
  it("are summed over the containers that still report, and so are their limits", () => {
    const [web] = modelOf(
      container("a", "web", 0, [[100, 1]]),
      container("b", "web", 1, [[99, 2]]),
      container("gone", "web", 2, [[10, 50]]),
    ).groups("service");
    if (web === undefined) {
      throw new Error("no group");
    }
    expect(latest(web, "cpu", 101_000)).toBe(3);
    expect(limitOf(web, "cpuLimit", 101_000)).toBe(1_000);
    expect(limitOf(web, "memoryLimit", 101_000)).toBeNull();
    expect(latest(web, "cpu", 500_000)).toBeNull();
  });
});
