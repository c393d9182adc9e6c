// For tests: an engine on a unix socket whose deployments are what the test says.
import type { IncomingMessage, ServerResponse } from "node:http";
import { sendJson, serveOnSocket, type TestServer } from "./testing";
import type { DeploymentState, Feature, Reason, ReplicaState, ServiceState } from "./types";

/** A request that changed something. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

export interface FakeEngineOptions {
  /** Called when a spec was accepted: puts what follows. */
  readonly onDeploy?: (engine: FakeEngine, spec: string) => void;
  /** Called when a service was scaled: puts what follows. */
  readonly onScale?: (engine: FakeEngine, replicas: number) => void;
  /** The answer to a removal comes once this resolves. */
  readonly removes?: Promise<void>;
  /** Status and body of the answer to a spec that is refused. */
  readonly refuse?: { readonly status: number; readonly body: unknown };
  /** Status and body of the answer to an undo that is refused. */
  readonly refuseUndo?: { readonly status: number; readonly body: unknown };
  /** What is listed as images; one of them unless said. */
  readonly images?: readonly unknown[];
  /** A stock daemon has none of the sidecar's own calls. */
  readonly stock?: boolean;
}

export class FakeEngine {
  readonly recorded: Recorded[] = [];
  readonly deployments = new Map<string, DeploymentState>();
  readonly specs = new Map<string, unknown>();
  readonly #followers = new Set<ServerResponse>();
  #server: TestServer | undefined;

  /** May be changed between requests. */
  options: FakeEngineOptions;

  private constructor(options: FakeEngineOptions) {
    this.options = options;
  }

  static async start(options: FakeEngineOptions = {}): Promise<FakeEngine> {
    const engine = new FakeEngine(options);
    engine.#server = await serveOnSocket((request, response) => void engine.#serve(request, response));
    return engine;
  }

  get server(): TestServer {
    if (this.#server === undefined) {
      throw new Error("not started");
    }
    return this.#server;
  }

  /** Puts a deployment and tells everybody who follows. */
  put(deployment: DeploymentState): void {
    this.deployments.set(deployment.name, deployment);
    this.tell({ type: "deployment", deployment });
  }

  remove(name: string): void {
    this.deployments.delete(name);
    this.specs.delete(name);
    this.tell({ type: "removed", name });
  }

  tell(line: unknown): void {
    for (const follower of this.#followers) {
      follower.write(`${JSON.stringify(line)}\n`);
    }
  }

  /** Breaks the connections of everybody who follows. */
  dropFollowers(): void {
    for (const follower of this.#followers) {
      follower.destroy();
    }
  }

  close(): Promise<void> {
    return this.server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const { pathname: path } = new URL(url, "http://engine");
    const body = await bodyOf(request);
    if (method !== "GET") {
      this.recorded.push({ method, path, body });
    }
    const name = /^\/api\/v1\/deployments\/([^/]+)/.exec(path)?.[1] ?? "";
    if (path === "/health/ready") {
      sendJson(response, 200, { status: "ok", version: "0.1.0" });
    } else if (path.startsWith("/sidecar/v1/") && this.options.stock) {
      sendJson(response, 404, { error: "not found" });
    } else if (path === "/sidecar/v1/info") {
      const features: Feature[] = ["tty", "metrics", "status", "shutdown", "undo"];
      sendJson(response, 200, { version: "0.1.0", pid: 1, features, limitations: [], rootless: false });
    } else if (path.endsWith("/undo") && this.options.refuseUndo !== undefined) {
      sendJson(response, this.options.refuseUndo.status, this.options.refuseUndo.body);
    } else if (path.endsWith("/undo")) {
      response.writeHead(204).end();
    } else if (path === "/sidecar/v1/status") {
      this.#follow(response);
    } else if (path === "/api/v1/images") {
      sendJson(response, 200, this.options.images ?? [{ reference: "registry.example/web:1", size_bytes: 43_000_000 }]);
    } else if (method === "POST" && path === "/api/v1/deployments") {
      this.#deploy(response, (body as { spec: string }).spec);
    } else if (method === "DELETE" && this.deployments.has(name)) {
      await this.options.removes;
      this.remove(name);
      response.writeHead(204).end();
    } else if (path.endsWith("/spec") && this.specs.has(name)) {
      sendJson(response, 200, { name, spec: this.specs.get(name) });
    } else if (path.endsWith("/scale")) {
      this.options.onScale?.(this, (body as { replicas: number }).replicas);
      sendJson(response, 200, { name: "web" });
    } else if (path.endsWith("/restart")) {
      response.writeHead(204).end();
    } else {
      sendJson(response, 404, { error: `no ${path}`, code: "not-found" });
    }
  }

  #follow(response: ServerResponse): void {
    for (const deployment of this.deployments.values()) {
      response.write(`${JSON.stringify({ type: "deployment", deployment })}\n`);
    }
    response.write('{"type":"synced"}\n');
    this.#followers.add(response);
    response.once("close", () => this.#followers.delete(response));
  }

  #deploy(response: ServerResponse, spec: string): void {
    if (this.options.refuse !== undefined) {
      sendJson(response, this.options.refuse.status, this.options.refuse.body);
      return;
    }
    const name = /deployment"?: *"?([\w-]+)/.exec(spec)?.[1] ?? "unnamed";
    this.specs.set(name, { deployment: name, text: spec });
    this.options.onDeploy?.(this, spec);
    sendJson(response, 201, { name });
  }
}

/** A deployment with one service "web". */
export function deploymentState(
  name: string,
  service: Partial<ServiceState> = {},
  deployment: Partial<DeploymentState> = {},
): DeploymentState {
  const web: ServiceState = {
    name: "web",
    phase: "running",
    image: "registry.example/web:1",
    desired: 1,
    running: 1,
    healthy: 1,
    replicas: [],
    addresses: [],
    ...service,
  };
  return { name, phase: web.phase, generation: 1, created_at: "2026-01-01T00:00:00Z", services: [web], ...deployment };
}

export function replicaState(index: number, more: Partial<ReplicaState> = {}): ReplicaState {
  return { id: `c${index}`, index, phase: "running", restarts: 0, health: "healthy", ...more };
}

export function reason(code: string, message: string, more: Partial<Reason> = {}): Reason {
  return { code, message, ...more };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
  }
  return text === "" ? undefined : JSON.parse(text);
}
