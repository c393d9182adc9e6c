import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineUnreachable } from "./api-error";
import { BinaryProblem, findBinary, requireLinux, requireVersion } from "./binary";
import { type FakeMode, writeFakeSidecar } from "./fake-sidecar";
import { placesOf } from "./places";
import { SidecarStartFailed, SidecarSupervisor } from "./supervisor";

let directory = "";
let supervisors: SidecarSupervisor[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "zlayer-supervisor-"));
  supervisors = [];
});

afterEach(async () => {
  for (const supervisor of supervisors) {
    await supervisor.client.shutdown().catch(() => undefined);
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
});

/** A window's supervisor; windows share the directory. */
function window(mode: FakeMode = "well", rootless = false): SidecarSupervisor {
  const binary = writeFakeSidecar(directory, mode);
  const supervisor = new SidecarSupervisor({
    places: { dataDir: join(directory, "data"), socket: join(directory, "run", "api.sock"), rootless },
    binary: async () => binary,
    log: () => {},
  });
  supervisors.push(supervisor);
  return supervisor;
}

function starts(): string[] {
  return readFileSync(join(directory, "data", "starts"), "utf8")
    .trim()
    .split("\n");
}

describe("SidecarSupervisor", () => {
  it("starts a sidecar when none answers, and connects to it ever after", async () => {
    const first = window();
    await first.ensure();
    await first.ensure();
    await window().ensure();
    expect(starts()).toEqual([
      `serve --data-dir ${join(directory, "data")} --socket ${join(directory, "run", "api.sock")}`,
    ]);
  });

  it("tells the sidecar to do without root", async () => {
    await window("well", true).ensure();
    expect(starts()[0]).toMatch(/ --rootless$/);
  });

  it("waits until the sidecar is ready, not only until it listens", async () => {
    const supervisor = window("slow");
    await supervisor.ensure();
    expect((await supervisor.client.ready()).status).toBe("ok");
  });

  it("lets windows that start at once share the sidecar of the fastest", async () => {
    const windows = [window(), window(), window(), window()];
    await Promise.all(windows.map((each) => each.ensure()));
    const pids = await Promise.all(windows.map(async (each) => (await each.client.info()).pid));
    expect(new Set(pids).size).toBe(1);
  });

  it("starts again after the sidecar was killed", async () => {
    const supervisor = window();
    await supervisor.ensure();
    const { pid } = await supervisor.client.info();
    process.kill(pid, "SIGTERM");
    await expect.poll(() => supervisor.isReady()).toBe(false);
    await supervisor.ensure();
    expect((await supervisor.client.info()).pid).not.toBe(pid);
  });

  it("replaces a running sidecar", async () => {
    const supervisor = window();
    await supervisor.ensure();
    const { pid } = await supervisor.client.info();
    await supervisor.replace();
    expect((await supervisor.client.info()).pid).not.toBe(pid);
  });

  it("reports how the sidecar ended and what it wrote", async () => {
    const error = await window("dies")
      .ensure()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SidecarStartFailed);
    expect(String(error)).toContain("exit code 1");
    expect(String(error)).toContain("no room for the state");
  });

  it("stops waiting when it is cancelled", async () => {
    const supervisor = window();
    const abort = new AbortController();
    abort.abort();
    await expect(supervisor.ensure(abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  });

  it("refuses a socket path that is too long for the system", () => {
    const socket = join(directory, "x".repeat(120));
    expect(
      () =>
        new SidecarSupervisor({
          places: { dataDir: directory, socket, rootless: false },
          binary: async () => "",
          log: () => {},
        }),
    ).toThrow("zlayer.sidecar.socket");
  });

  it("says that nothing runs once it was shut down", async () => {
    const supervisor = window();
    await supervisor.ensure();
    await supervisor.client.shutdown();
    await expect.poll(() => supervisor.isReady()).toBe(false);
    await expect(supervisor.client.ready()).rejects.toBeInstanceOf(EngineUnreachable);
  });
});

describe("findBinary", () => {
  const trouble = (error: unknown): unknown => (error instanceof BinaryProblem ? error.trouble : error);

  it("prefers the setting, then the environment, then the extension, then PATH", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => join(directory, name));
    const path = writeFakeSidecar(directory);
    for (const copy of [a, b]) {
      writeFileSync(copy ?? "", "#!/bin/true\n");
      chmodSync(copy ?? "", 0o755);
    }
    const env = { PATH: directory, ZLAYER_SIDECAR: b };
    expect(await findBinary({ setting: a, env, extensionDir: directory })).toBe(a);
    expect(await findBinary({ setting: " ", env, extensionDir: directory })).toBe(b);
    expect(await findBinary({ env: { PATH: `${c}:${directory}` }, extensionDir: directory })).toBe(path);
  });

  it.each([
    ["missing", { setting: "/nowhere/zlayer-sidecar", env: {} }],
    ["missing", { setting: "relative/zlayer-sidecar", env: {} }],
    ["missing", { setting: "/etc", env: {} }],
    ["not-executable", { setting: "/etc/passwd", env: {} }],
    ["missing", { env: { PATH: "/nowhere" } }],
  ])("says %s for %j", async (expected, places) => {
    expect(trouble(await findBinary(places).catch((error: unknown) => error))).toBe(expected);
  });

  it("says where the sidecar runs, on a system without Linux containers", () => {
    expect(() => requireLinux("win32")).toThrow("WSL");
    expect(() => requireLinux("linux")).not.toThrow();
  });

  it("refuses a sidecar of another version", async () => {
    const binary = writeFakeSidecar(directory, "well", "0.7.3");
    const error = await requireVersion(binary, "0.1.0").catch((reason: unknown) => reason);
    expect(trouble(error)).toBe("wrong-version");
    expect(String(error)).toContain("0.7.3");
    await expect(requireVersion(binary, "0.7.9")).resolves.toBeUndefined();
  });

  it("says why a file cannot be run", async () => {
    const binary = join(directory, "zlayer-sidecar");
    writeFileSync(binary, "\x7fELF not really");
    chmodSync(binary, 0o755);
    expect(trouble(await requireVersion(binary, "0.1.0").catch((reason: unknown) => reason))).toBe("cannot-run");
  });
});

describe("placesOf", () => {
  it("uses the system's directories for root", () => {
    expect(placesOf({}, {}, 0)).toEqual({
      dataDir: "/var/lib/zlayer-sidecar",
      socket: "/run/zlayer-sidecar/api.sock",
      rootless: false,
    });
  });

  it("uses the user's directories for everybody else", () => {
    const env = { XDG_DATA_HOME: "/home/u/data", XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(placesOf({}, env, 1000)).toEqual({
      dataDir: "/home/u/data/zlayer-sidecar",
      socket: "/run/user/1000/zlayer-sidecar/api.sock",
      rootless: true,
    });
  });

  it("gives another data directory another socket", () => {
    expect(placesOf({ dataDir: "/data" }, {}, 0).socket).toBe("/data/run/api.sock");
    expect(placesOf({ dataDir: "/data", socket: "/s" }, {}, 0).socket).toBe("/s");
  });
});
