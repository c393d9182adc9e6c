import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import { Emitter } from "../bridge/emitter";
import { deploymentState, FakeEngine } from "../bridge/sidecar/fake-engine";
import { EngineHost, type HostStatus } from "./engine-host";

const editor = vi.hoisted(() => ({ settings: new Map<string, string>(), change: (): void => {} }));

vi.mock("vscode", async () => {
  const { Emitter } = await import("../bridge/emitter");
  class EventEmitter<T> extends Emitter<T> {
    readonly event = (listener: (value: T) => void) => ({ dispose: this.on(listener) });
    fire(value: T): void {
      this.emit(value);
    }
    dispose(): void {
      this.clear();
    }
  }
  const never = (): { dispose(): void } => ({ dispose: () => {} });
  return {
    EventEmitter,
    workspace: {
      isTrusted: true,
      getConfiguration: () => ({ get: (key: string, other: string) => editor.settings.get(key) ?? other }),
      onDidChangeConfiguration: (listener: (event: object) => void) => {
        editor.change = () => listener({ affectsConfiguration: () => true });
        return never();
      },
      onDidGrantWorkspaceTrust: never,
    },
  };
});

/** A secret storage that holds one token, or that fails as one without a keyring does. */
class Secrets {
  token: string | undefined;
  failure: Error | undefined;
  readonly #changes = new Emitter<{ key: string }>();

  readonly onDidChange = (listener: (event: { key: string }) => void) => ({ dispose: this.#changes.on(listener) });

  async get(): Promise<string | undefined> {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    return this.token;
  }

  async store(key: string, token: string): Promise<void> {
    this.token = token;
    this.#changes.emit({ key });
  }
}

let engine: FakeEngine;
let gate: Server;
let url: string;
let secrets: Secrets;
let host: EngineHost;
let log: string[];

beforeEach(async () => {
  editor.settings.clear();
  engine = await FakeEngine.start();
  engine.put(deploymentState("hello"));
  // A daemon on TCP that wants a token, in front of the one on the socket.
  gate = createServer((incoming, response) => {
    if (incoming.headers.authorization !== "Bearer right") {
      response.writeHead(401, { "content-type": "application/json" }).end('{"error":"a token is needed"}');
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ socketPath: engine.server.socket, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => gate.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(gate.address() as AddressInfo).port}`;
  secrets = new Secrets();
  log = [];
  const line = (text: string): void => {
    log.push(text);
  };
  host = new EngineHost(
    {
      secrets,
      extension: { packageJSON: { version: "0.1.0" } },
      extensionPath: "/nowhere",
    } as unknown as ExtensionContext,
    { info: line, warn: line } as unknown as LogOutputChannel,
  );
});

afterEach(async () => {
  host.dispose();
  gate.closeAllConnections();
  await new Promise((resolve) => gate.close(resolve));
  await engine.close();
});

describe("a setting of the engine that changes", () => {
  it("ends no connection where it has no effect, such as one that another scope overrides", async () => {
    editor.settings.set("endpoint", engine.server.socket);
    await host.rebuild();
    const connected = await host.connect();
    const statuses: string[] = [];
    host.onDidChangeStatus((status) => statuses.push(status.kind));
    editor.change();
    expect(statuses).toEqual([]);
    expect(await host.connect()).toBe(connected);
  });

  it("is followed at once", async () => {
    editor.settings.set("sidecar.dataDir", join(tmpdir(), `zl-no-engine-${process.pid}`));
    await host.rebuild();
    const connected = statusOf("connected");
    editor.settings.set("endpoint", engine.server.socket);
    editor.change();
    await connected;
  });
});

function statusOf(kind: HostStatus["kind"]): Promise<HostStatus> {
  return new Promise((resolve) => {
    host.onDidChangeStatus((status) => status.kind === kind && resolve(status));
  });
}

describe("a secret storage that fails", () => {
  beforeEach(() => {
    secrets.failure = new Error("no keyring");
  });

  it("is not asked for the sidecar of this machine", async () => {
    editor.settings.set("sidecar.dataDir", join(tmpdir(), `zl-no-engine-${process.pid}`));
    await host.rebuild();
    expect(host.status).toEqual({ kind: "off" });
    expect(host.supervisor).toBeDefined();
    expect(log.join()).not.toContain("no keyring");
  });

  it("leaves a daemon that wants no token reachable", async () => {
    editor.settings.set("endpoint", engine.server.socket);
    await host.rebuild();
    await host.connectAndList();
    expect([...host.deployments.keys()]).toEqual(["hello"]);
    expect(log.join()).toContain("cannot be read from the editor's secret storage (no keyring)");
  });

  it("lets a daemon say that it wants one", async () => {
    editor.settings.set("endpoint", url);
    await expect(host.connect()).rejects.toMatchObject({ status: 401 });
  });
});

describe("a daemon that wants a token", () => {
  beforeEach(() => {
    editor.settings.set("endpoint", url);
  });

  it("is connected with the one that is kept", async () => {
    secrets.token = "right";
    await host.connectAndList();
    expect([...host.deployments.keys()]).toEqual(["hello"]);
  });

  it("is connected as soon as the right one is set", async () => {
    secrets.token = "wrong";
    await expect(host.connect()).rejects.toMatchObject({ status: 401 });
    const connected = statusOf("connected");
    await host.setToken("right");
    await connected;
    await host.connectAndList();
    expect([...host.deployments.keys()]).toEqual(["hello"]);
  });
});
