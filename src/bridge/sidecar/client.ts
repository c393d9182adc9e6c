import createClient, { type Client } from "openapi-fetch";
import type { paths as SidecarPaths } from "../../protocol/sidecar.generated";
import type { paths as ZLayerPaths } from "../../protocol/zlayer.generated";
import { ApiError, readError } from "./api-error";
import type { Endpoint } from "./endpoint";
import { lineBatches, ndjson, ndjsonBatches, sseBatches } from "./streams";
import { bytesOf, fetchFrom, open } from "./transport";
import { Tty, type TtyEvents, type TtyOptions } from "./tty";
import type {
  ClusterNode,
  ContainerInfo,
  ContainerMetrics,
  DaemonEvent,
  DeploymentDetails,
  DeploymentSummary,
  ExecResult,
  HealthResponse,
  ImageInfo,
  LogChunk,
  NodeSummary,
  PruneResult,
  PullLine,
  SecretMetadata,
  ServiceDetails,
  ServiceSummary,
  SidecarInfo,
  StatusLine,
  StoredDeployment,
} from "./types";

/** Ends the call when aborted; the promise or the iteration then rejects with an `AbortError`. */
export interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

export interface ContainerLogQuery extends Cancellable {
  /** Go on with new output until the container ends. */
  readonly follow?: boolean | undefined;
  /** Only the last so many lines of what is there. */
  readonly tail?: number | undefined;
  /** Only output from this time on, in seconds since the Unix epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Both are included when neither is given. */
  readonly stdout?: boolean | undefined;
  readonly stderr?: boolean | undefined;
}

export interface ServiceLogQuery extends Cancellable {
  readonly follow?: boolean | undefined;
  readonly lines?: number | undefined;
  /** Container id; all replicas when absent. */
  readonly instance?: string | undefined;
}

export interface MetricsQuery extends Cancellable {
  readonly deployment?: string | undefined;
  readonly service?: string | undefined;
}

export interface MetricsHistoryQuery extends MetricsQuery {
  /** Only samples after this time, in milliseconds since the Unix epoch. */
  readonly sinceMs?: number | undefined;
  /** At most one sample for each interval of so many milliseconds. */
  readonly stepMs?: number | undefined;
}

/**
 * ZLayer's REST API, and the sidecar's own calls, at one endpoint. Holds no connection between calls.
 *
 * Every call throws `ApiError` when the engine refuses, `EngineUnreachable` when nothing answers or the connection breaks,
 * and an `AbortError` when its signal was aborted.
 */
export class ZLayerClient {
  readonly #rest: Client<ZLayerPaths & SidecarPaths>;

  constructor(readonly endpoint: Endpoint) {
    // The host of this URL is never looked up: the transport knows where to go.
    this.#rest = createClient<ZLayerPaths & SidecarPaths>({
      baseUrl: "http://localhost",
      fetch: fetchFrom(endpoint),
    });
  }

  /** Answers when the engine is ready to take work; its version is in the answer. */
  ready(options: Cancellable = {}): Promise<HealthResponse> {
    return unwrap(this.#rest.GET("/health/ready", cancel(options)));
  }

  // --- deployments and services

  deployments(options: Cancellable = {}): Promise<DeploymentSummary[]> {
    return unwrap(this.#rest.GET("/api/v1/deployments", cancel(options)));
  }

  deployment(name: string, options: Cancellable = {}): Promise<DeploymentDetails> {
    return unwrap(this.#rest.GET("/api/v1/deployments/{name}", { params: { path: { name } }, ...cancel(options) }));
  }

  /** The spec as the engine keeps it. */
  deploymentSpec(name: string, options: Cancellable = {}): Promise<StoredDeployment> {
    return unwrap(
      this.#rest.GET("/api/v1/deployments/{name}/spec", { params: { path: { name } }, ...cancel(options) }),
    );
  }

  /** Creates a deployment, or replaces the one of that name. Resolves once accepted, not once it runs. @param spec YAML */
  deploy(spec: string, options: Cancellable = {}): Promise<DeploymentDetails> {
    return unwrap(this.#rest.POST("/api/v1/deployments", { body: { spec }, ...cancel(options) }));
  }

  /** Stops and removes all containers of a deployment, and the deployment. */
  async removeDeployment(name: string, options: Cancellable = {}): Promise<void> {
    await succeed(this.#rest.DELETE("/api/v1/deployments/{name}", { params: { path: { name } }, ...cancel(options) }));
  }

  services(deployment: string, options: Cancellable = {}): Promise<ServiceSummary[]> {
    return unwrap(
      this.#rest.GET("/api/v1/deployments/{deployment}/services", {
        params: { path: { deployment } },
        ...cancel(options),
      }),
    );
  }

  service(deployment: string, service: string, options: Cancellable = {}): Promise<ServiceDetails> {
    return unwrap(
      this.#rest.GET("/api/v1/deployments/{deployment}/services/{service}", {
        params: { path: { deployment, service } },
        ...cancel(options),
      }),
    );
  }

  /** @param replicas wanted number, 0 stops the service */
  scale(deployment: string, service: string, replicas: number, options: Cancellable = {}): Promise<ServiceDetails> {
    return unwrap(
      this.#rest.POST("/api/v1/deployments/{deployment}/services/{service}/scale", {
        params: { path: { deployment, service } },
        body: { replicas },
        ...cancel(options),
      }),
    );
  }

  /** Lines of a service's log, those that arrive together in one array. No time stamps, no stream, no replica. */
  async *serviceLogs(deployment: string, service: string, query: ServiceLogQuery = {}): AsyncGenerator<string[]> {
    const path =
      `/api/v1/deployments/${encodeURIComponent(deployment)}/services/${encodeURIComponent(service)}/logs` +
      queryString({ lines: query.lines, follow: query.follow, instance: query.instance });
    const body = await this.#stream("GET", path, query);
    if (query.follow !== true) {
      yield* lineBatches(body);
      return;
    }
    for await (const events of sseBatches(body)) {
      yield events.flatMap((event) => event.data.split("\n"));
    }
  }

  // --- containers

  /** @param labels only containers that carry all of these */
  async containers(labels: Readonly<Record<string, string>> = {}, options: Cancellable = {}): Promise<ContainerInfo[]> {
    const wanted = Object.entries(labels);
    const first = wanted[0];
    const query = first === undefined ? {} : { label: `${first[0]}=${first[1]}` };
    const found = await unwrap(this.#rest.GET("/api/v1/containers", { params: { query }, ...cancel(options) }));
    return found.filter((container) => wanted.every(([key, value]) => container.labels[key] === value));
  }

  container(id: string, options: Cancellable = {}): Promise<ContainerInfo> {
    return unwrap(this.#rest.GET("/api/v1/containers/{id}", { params: { path: { id } }, ...cancel(options) }));
  }

  /** Output of a container, the pieces that arrive together in one array. */
  async *containerLogs(id: string, query: ContainerLogQuery = {}): AsyncGenerator<LogChunk[]> {
    yield* ndjsonBatches<LogChunk>(await this.openContainerLog(id, query), `the log of ${id}`);
  }

  /** The same as bytes, for a reader of its own: NDJSON, one `LogChunk` a line. Resolves once the engine has agreed. */
  openContainerLog(id: string, query: ContainerLogQuery = {}): Promise<AsyncIterable<Buffer>> {
    const path =
      `/api/v1/containers/${encodeURIComponent(id)}/logs` +
      queryString({
        format: "json",
        timestamps: true,
        tail: query.tail,
        follow: query.follow,
        since: query.since,
        until: query.until,
        stdout: query.stdout,
        stderr: query.stderr,
      });
    return this.#stream("GET", path, query);
  }

  /** Runs a command to its end. */
  exec(id: string, command: readonly string[], options: Cancellable = {}): Promise<ExecResult> {
    return unwrap(
      this.#rest.POST("/api/v1/containers/{id}/exec", {
        params: { path: { id } },
        body: { command: [...command] },
        ...cancel(options),
      }),
    );
  }

  /** Ends the process of a container and starts it again. */
  async restartContainer(id: string, options: Cancellable = {}): Promise<void> {
    await succeed(
      this.#rest.POST("/api/v1/containers/{id}/restart", { params: { path: { id } }, body: {}, ...cancel(options) }),
    );
  }

  async stopContainer(id: string, options: Cancellable = {}): Promise<void> {
    await succeed(
      this.#rest.POST("/api/v1/containers/{id}/stop", { params: { path: { id } }, body: {}, ...cancel(options) }),
    );
  }

  // --- images

  images(options: Cancellable = {}): Promise<ImageInfo[]> {
    return unwrap(this.#rest.GET("/api/v1/images", cancel(options)));
  }

  /** Pulls an image and reports each step; ends when it is there. */
  async *pullImage(reference: string, options: Cancellable = {}): AsyncGenerator<PullLine> {
    const body = await this.#stream("POST", "/api/v1/images/pull?stream=true", options, { reference });
    yield* ndjson<PullLine>(body, `the pull of ${reference}`);
  }

  async removeImage(image: string, options: Cancellable & { readonly force?: boolean } = {}): Promise<void> {
    const query = options.force === undefined ? {} : { force: options.force };
    await succeed(
      this.#rest.DELETE("/api/v1/images/{image}", { params: { path: { image }, query }, ...cancel(options) }),
    );
  }

  /** Removes every image that no container uses. */
  pruneImages(options: Cancellable = {}): Promise<PruneResult> {
    return unwrap(this.#rest.POST("/api/v1/system/prune", cancel(options)));
  }

  // --- nodes and secrets

  /** The nodes with their labels. */
  nodes(options: Cancellable = {}): Promise<NodeSummary[]> {
    return unwrap(this.#rest.GET("/api/v1/nodes", cancel(options)));
  }

  /** The nodes with their cores and memory (bytes). */
  clusterNodes(options: Cancellable = {}): Promise<ClusterNode[]> {
    return unwrap(this.#rest.GET("/api/v1/cluster/nodes", cancel(options)));
  }

  /** The names of secrets; values stay where they are. */
  secrets(options: Cancellable = {}): Promise<SecretMetadata[]> {
    return unwrap(this.#rest.GET("/api/v1/secrets", cancel(options)));
  }

  // --- streams of the whole engine

  /** Lifecycle events of containers and images, from now on, until aborted. */
  async *events(options: Cancellable = {}): AsyncGenerator<DaemonEvent> {
    yield* ndjson<DaemonEvent>(await this.#stream("GET", "/api/v1/events?follow=true", options), "the events");
  }

  // --- what only the sidecar has

  info(options: Cancellable = {}): Promise<SidecarInfo> {
    return unwrap(this.#rest.GET("/sidecar/v1/info", cancel(options)));
  }

  /** The state of every deployment and, with `follow`, each change until aborted. */
  async *status(options: Cancellable & { readonly follow?: boolean } = {}): AsyncGenerator<StatusLine> {
    const path = `/sidecar/v1/status${queryString({ follow: options.follow })}`;
    yield* ndjson<StatusLine>(await this.#stream("GET", path, options), "the status");
  }

  /** Measurements of at most the last hour, one entry a container. */
  metrics(query: MetricsHistoryQuery = {}): Promise<ContainerMetrics[]> {
    return unwrap(
      this.#rest.GET("/sidecar/v1/metrics", {
        params: {
          query: defined({
            deployment: query.deployment,
            service: query.service,
            since_ms: query.sinceMs,
            step_ms: query.stepMs,
          }),
        },
        ...cancel(query),
      }),
    );
  }

  /** One entry with one sample for each container and second, until aborted. */
  async *metricsStream(query: MetricsQuery = {}): AsyncGenerator<ContainerMetrics> {
    const path = `/sidecar/v1/metrics/stream${queryString({ deployment: query.deployment, service: query.service })}`;
    yield* ndjson<ContainerMetrics>(await this.#stream("GET", path, query), "the metrics");
  }

  /** A terminal in a container. Resolves once it is open. */
  tty(id: string, events: TtyEvents, options: TtyOptions = {}): Promise<Tty> {
    return Tty.open(this.endpoint, id, events, options);
  }

  /** Takes the last deploy of a deployment back. @param spec as it was deployed */
  async undoDeploy(name: string, spec: string, options: Cancellable = {}): Promise<void> {
    await succeed(
      this.#rest.POST("/sidecar/v1/deployments/{name}/undo", {
        params: { path: { name } },
        body: { spec },
        ...cancel(options),
      }),
    );
  }

  /** Ends the sidecar; containers go on. */
  async shutdown(options: Cancellable = {}): Promise<void> {
    await succeed(this.#rest.POST("/sidecar/v1/shutdown", cancel(options)));
  }

  async #stream(
    method: string,
    path: string,
    { signal }: Cancellable,
    json?: Readonly<Record<string, unknown>>,
  ): Promise<AsyncIterable<Buffer>> {
    const answer = await open(this.endpoint, {
      method,
      path,
      ...(json && { headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(json)) }),
      ...(signal && { signal }),
    });
    return bytesOf(this.endpoint, answer, signal);
  }
}

interface Outcome<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

async function succeed<T>(call: Promise<Outcome<T>>): Promise<T | undefined> {
  const { data, error, response } = await call;
  if (!response.ok) {
    throw readError(response.status, error);
  }
  return data;
}

async function unwrap<T>(call: Promise<Outcome<T>>): Promise<T> {
  const data = await succeed(call);
  if (data === undefined) {
    throw new ApiError("The engine's answer has no body. Is this a ZLayer daemon?", 0, "empty-answer");
  }
  return data;
}

function cancel({ signal }: Cancellable): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends Record<string, unknown>>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function queryString(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(defined(values))) {
    query.set(key, String(value));
  }
  return query.size === 0 ? "" : `?${query}`;
}
