// Generated from src/protocol/zlayer-openapi.json by `npm run generate`. Do not edit src/protocol/zlayer.generated.ts.
export interface paths {
    "/api/v1/cluster/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all nodes visible in the Raft cluster state.
         * @description `GET /api/v1/cluster/nodes`
         *
         *     # Errors
         *
         *     Returns an error if the cluster state cannot be read.
         */
        get: operations["cluster_list_nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cluster/nodes/{id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set or remove labels on a node, persisted in raft cluster state so the
         *     scheduler's `NodeSelector` placement honors them. `labels` entries are
         *     inserted/overwritten; `remove` keys are deleted.
         * @description # Errors
         *     Returns `ServiceUnavailable` if the local Raft coordinator is not running,
         *     or `Internal` on propose failure.
         */
        post: operations["cluster_set_node_labels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List standalone containers.
         * @description Returns all containers managed through this API. Optionally filter by
         *     label using the `label` query parameter in `key=value` format.
         *
         *     # Errors
         *
         *     Returns an error if the user is not authenticated.
         */
        get: operations["list_containers"];
        put?: never;
        /**
         * Create and start a container (public, JWT-authenticated entry point).
         * @description When the daemon has a cluster handle and the request carries
         *     `node_selector` / `platform`, the request is placed across the cluster
         *     (see [`place_or_create`]); otherwise the container is created locally.
         *
         *     # Errors
         *
         *     Returns an error if image pull fails, container creation fails, no node
         *     satisfies the placement constraints, or the user lacks the operator role.
         */
        post: operations["create_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get details for a specific container.
         * @description # Errors
         *
         *     Returns an error if the container is not found or the user is not authenticated.
         */
        get: operations["get_container"];
        put?: never;
        post?: never;
        /**
         * Stop and remove a container.
         * @description Sends a stop signal (with a 30-second timeout), then removes the container.
         *
         *     # Errors
         *
         *     Returns an error if the container is not found, stop/remove fails, or the
         *     user lacks the operator role.
         */
        delete: operations["delete_container"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * `GET /api/v1/containers/{id}/archive?path=<...>` — stream a TAR archive
         *     of the requested file or directory inside the container.
         * @description Returns `application/x-tar` bytes. The `X-Docker-Container-Path-Stat`
         *     header is also emitted (matching Docker's behaviour) so callers can
         *     inspect the path's metadata without a separate HEAD round-trip.
         *
         *     # Errors
         *
         *     * `400 Bad Request` when the `path` query parameter is missing.
         *     * `404 Not Found` when the container or path does not exist.
         *     * `501 Not Implemented` when the runtime cannot produce a TAR archive.
         */
        get: operations["archive_get"];
        /**
         * `PUT /api/v1/containers/{id}/archive?path=<...>` — extract a TAR
         *     archive into the container at the given path.
         * @description Accepts an `application/x-tar` body. Honours Docker's
         *     `noOverwriteDirNonDir` and `copyUIDGID` query parameters.
         *
         *     # Errors
         *
         *     * `400 Bad Request` when the `path` query parameter is missing or the
         *       archive payload is malformed.
         *     * `404 Not Found` when the container or destination path does not exist.
         *     * `501 Not Implemented` when the runtime cannot extract archives.
         */
        put: operations["archive_put"];
        post?: never;
        delete?: never;
        options?: never;
        /**
         * `HEAD /api/v1/containers/{id}/archive?path=<...>` — return path-stat
         *     metadata in the `X-Docker-Container-Path-Stat` header without
         *     materializing the TAR archive.
         * @description # Errors
         *
         *     * `400 Bad Request` when the `path` query parameter is missing.
         *     * `404 Not Found` when the container or path does not exist.
         *     * `501 Not Implemented` when the runtime cannot stat container paths.
         */
        head: operations["archive_head"];
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report changes to the container's filesystem.
         * @description Mirrors Docker-compat `GET /containers/{id}/changes`. Returns one
         *     `ContainerChangeEntry` per added / modified / deleted path in the
         *     container's writable layer. Runtimes without a layered filesystem
         *     (e.g. youki) return 501.
         *
         *     # Errors
         *
         *     Returns 404 when the container can't be resolved, 501 when the runtime
         *     doesn't compute layer diffs.
         */
        get: operations["changes_container"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Execute a command in a running container.
         * @description When `stream=true` is passed as a query parameter, this endpoint upgrades
         *     to a Server-Sent Events stream emitting:
         *     - `event: stdout\ndata: <line>\n\n` for each stdout line
         *     - `event: stderr\ndata: <line>\n\n` for each stderr line
         *     - `event: exit\ndata: {"exit_code": N}\n\n` as the final event
         *
         *     # Errors
         *
         *     Returns an error if the container is not found, the command is invalid,
         *     execution fails, or the user lacks the operator role.
         */
        post: operations["exec_in_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/kill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a signal to a running container.
         * @description Mirrors Docker-compat `POST /containers/{id}/kill`. When the request body's
         *     `signal` field is omitted, the runtime sends `SIGKILL`. Accepted signals
         *     are `SIGKILL`, `SIGTERM`, `SIGINT`, `SIGHUP`, `SIGUSR1`, `SIGUSR2` (with
         *     or without the `SIG` prefix); any other value is rejected with `400`.
         *
         *     # Errors
         *
         *     Returns `400` for unknown signals, `404` if the container is not found,
         *     `403` if the caller lacks the `operator` role, `501` if the runtime does
         *     not support `kill_container`, and `500` for other runtime errors.
         */
        post: operations["kill_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream container logs.
         * @description Backed by [`Runtime::logs_stream`]. Two wire formats are supported:
         *
         *     * `format=json` (the default) — emit one NDJSON `LogChunk` per line:
         *       `{"stream":"stdout|stderr","timestamp":"...","data":"<utf8>"}` (or
         *       `data_b64` when the bytes aren't valid UTF-8). `Content-Type:
         *       application/json`.
         *
         *     * `format=raw` — emit Docker's multiplexed stdcopy framing
         *       (`application/vnd.docker.raw-stream`). Consumed by the Docker compat
         *       shim in `zlayer-docker`.
         *
         *     `follow=true` keeps the stream open until the runtime reports EOF or the
         *     client disconnects. Stream errors mid-flight are emitted as a final
         *     `{"error": "..."}` line (json mode) or simply terminate the body (raw
         *     mode) — Docker's raw framing has no in-band error escape.
         *
         *     # Errors
         *
         *     Returns `404` when the container can't be resolved, `500` on a runtime
         *     failure to open the stream.
         */
        get: operations["get_container_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a running container by freezing its cgroup.
         * @description Mirrors Docker-compat `POST /containers/{id}/pause`. Returns 204 on
         *     success, 404 if the container isn't found, 501 if the runtime cannot
         *     pause containers, and 500 for other runtime errors.
         *
         *     # Errors
         *
         *     Returns an error if authentication fails, the container is missing, the
         *     runtime doesn't support pause, or the underlying call fails.
         */
        post: operations["pause_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/port": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report the published port mappings for a container.
         * @description Mirrors Docker-compat `GET /containers/{id}/port`. Groups the runtime's
         *     port-binding entries by `<container_port>/<protocol>` so the wire shape
         *     matches Docker's `{"Ports": {"80/tcp": [...]}}` body.
         *
         *     # Errors
         *
         *     Returns 404 when the container can't be resolved, 501 when the runtime
         *     doesn't expose port bindings.
         */
        get: operations["port_container"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/rename": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rename a standalone container.
         * @description Mirrors Docker Engine's `POST /containers/{id}/rename?name=<new>`
         *     endpoint: the container's stored display name is updated to `name`,
         *     and the underlying runtime is asked to apply the rename so external
         *     tooling (e.g. `docker ps`) sees the new name.
         *
         *     # Errors
         *
         *     * `400` if the `name` query parameter is missing or empty.
         *     * `404` if the container cannot be resolved.
         *     * `409` if the runtime rejects the rename (e.g. name already in use).
         *     * `500` for other runtime failures.
         */
        post: operations["rename_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart a container: stop then start.
         * @description Composes `stop_container(timeout)` followed by `start_container`. Errors
         *     during the stop phase are ignored (the container may already be stopped);
         *     errors during the start phase are surfaced.
         *
         *     # Errors
         *
         *     Returns an error if the container is not found, the start phase fails, or
         *     the user lacks the operator role.
         */
        post: operations["restart_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a previously-created container.
         * @description Useful for re-starting a container that was stopped via
         *     `POST /api/v1/containers/{id}/stop` without being removed.
         *
         *     # Errors
         *
         *     Returns an error if the container is not found, start fails, or the user
         *     lacks the operator role.
         */
        post: operations["start_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream container resource statistics.
         * @description Backed by [`Runtime::stats_stream`]. The handler always advertises
         *     `Content-Type: application/json` and ships one [`StatsSample`] per NDJSON
         *     line.
         *
         *     * `stream=false` (the default — Docker parity) — await the first
         *       `StatsSample` and close the body. Returns `200` with a single line.
         *     * `stream=true` — keep the body open, forwarding samples as they arrive
         *       until the runtime reports EOF or the client disconnects.
         *
         *     Mid-stream errors are emitted as a final `{"error":"..."}` line and end
         *     the body. The legacy `interval` query parameter is accepted for
         *     backwards-compatibility but ignored: pacing is now driven by the
         *     runtime's own sampling cadence.
         *
         *     # Errors
         *
         *     `404` when the container can't be resolved, `500` if the runtime fails
         *     to open the stream.
         */
        get: operations["get_container_stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a running container.
         * @description Sends the runtime's graceful stop signal and waits up to `timeout` seconds
         *     before force-killing. The container is **not** removed; use
         *     `DELETE /api/v1/containers/{id}` to stop-and-remove. Idempotent: calling
         *     stop on an already-stopped container is not an error.
         *
         *     # Errors
         *
         *     Returns an error if the container is not found, stop fails, or the user
         *     lacks the operator role.
         */
        post: operations["stop_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/top": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the processes running inside a container.
         * @description Mirrors Docker-compat `GET /containers/{id}/top?ps_args=`. Returns the
         *     runtime's process listing as `Titles` + `Processes` matrix.
         *
         *     # Errors
         *
         *     Returns 404 when the container can't be resolved, 501 when the runtime
         *     doesn't expose process listings, and 500 for other failures.
         */
        get: operations["top_container"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/unpause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a previously-paused container.
         * @description Mirrors Docker-compat `POST /containers/{id}/unpause`. Returns 204 on
         *     success.
         *
         *     # Errors
         *
         *     Returns the same error envelope as [`pause_container`].
         */
        post: operations["unpause_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/update": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Update a standalone container's resource limits and/or restart policy.
         * @description Mirrors Docker Engine's `POST /containers/{id}/update`. The request body
         *     matches Docker's wire shape (`CpuShares`, `Memory`, `RestartPolicy`,
         *     ...) so the `zlayer-docker` compatibility shim can pass it through
         *     unchanged. Returns Docker's `{"Warnings": [...]}` response on success;
         *     the warnings vector is always present (possibly empty) so clients that
         *     match on field presence don't break.
         *
         *     # Errors
         *
         *     * `404` if the container cannot be resolved.
         *     * `400` if the runtime rejects a field as invalid.
         *     * `501` if the runtime does not support resource updates (the trait
         *       default returns `Unsupported`).
         *     * `500` for other runtime failures.
         */
        post: operations["update_container"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/{id}/wait": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Wait for a container to exit and return its exit code.
         * @description This endpoint blocks until the container exits. Useful for CI runners
         *     that need to wait for a build/test container to complete.
         *
         *     # Errors
         *
         *     Returns an error if the container is not found or the wait fails.
         */
        get: operations["wait_container"];
        put?: never;
        /**
         * Wait for a container to exit and return Docker-shaped JSON.
         * @description Mirrors Docker Engine's `POST /containers/{id}/wait?condition=` 1:1.
         *     Used by the `zlayer-docker` compatibility shim and any SDK callers
         *     that consume the Docker shape directly. The legacy
         *     `GET /api/v1/containers/{id}/wait` returns a richer
         *     [`ContainerWaitResponse`] for clients that need extended classification
         *     fields (`reason`, `signal`, `finished_at`).
         *
         *     `condition` is one of:
         *     * `"not-running"` (default) — block until the container is no longer running.
         *     * `"next-exit"` — wait for the next observed exit.
         *     * `"removed"` — wait until the container is removed.
         *
         *     # Errors
         *
         *     Returns `400` for an unknown condition, `404` when the container can't
         *     be resolved, and `500` if the runtime fails the wait.
         */
        post: operations["wait_container_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/containers/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prune stopped containers from the runtime.
         * @description Mirrors Docker-compat `POST /containers/prune`. Returns the IDs of
         *     containers that were removed plus the bytes reclaimed.
         *
         *     # Errors
         *
         *     Returns 501 when the runtime doesn't support a global prune sweep.
         */
        post: operations["prune_containers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/daemon/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the daemon's runtime capability survey.
         * @description Returns the process-wide memoised [`DaemonCapabilities`] snapshot. The
         *     handler is intentionally state-free — `DaemonCapabilities::get()` is a
         *     process-wide accessor backed by a `OnceLock`, so it does not need to
         *     pull from `AppState` and tests don't have to construct one to exercise
         *     the endpoint.
         *
         *     If the survey has not been seeded yet (i.e. the daemon's startup task
         *     hasn't run), the first call here triggers the probe lazily.
         */
        get: operations["get_daemon_capabilities"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all deployments.
         * @description # Errors
         *
         *     Returns an error if storage access fails.
         */
        get: operations["list_deployments"];
        put?: never;
        /**
         * Create a new deployment.
         * @description When the daemon has orchestration wired (service manager, proxy, overlay),
         *     this handler:
         *      1. Parses and validates the spec YAML
         *      2. Stores the deployment with status `Deploying`
         *      3. Spawns an async task that registers services, sets up overlays,
         *         configures the proxy, and scales services
         *      4. Returns immediately with `Deploying` status
         *      5. The async task updates the stored status to `Running` or `Failed`
         *
         *     Without orchestration wired, it stores the spec with `Pending` status.
         *
         *     # Errors
         *
         *     Returns an error if the spec is invalid or storage fails.
         */
        post: operations["create_deployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{deployment}/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List services in a deployment.
         * @description # Errors
         *
         *     Returns an error if the deployment is not found or storage access fails.
         */
        get: operations["list_services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{deployment}/services/{service}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get service details.
         * @description # Errors
         *
         *     Returns an error if the deployment or service is not found.
         */
        get: operations["get_service"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{deployment}/services/{service}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get service logs.
         * @description Returns service logs as plain text when `follow=false`, or as a Server-Sent
         *     Events stream when `follow=true`.  In follow mode the server first emits the
         *     last N lines (controlled by the `lines` parameter) and then continuously
         *     polls for new output, emitting each new line as a `data:` SSE event.
         *
         *     # Errors
         *
         *     Returns an error if the deployment or service is not found, or the service
         *     manager is not available.
         */
        get: operations["get_service_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{deployment}/services/{service}/scale": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Scale a service.
         * @description # Errors
         *
         *     Returns an error if the deployment or service is not found, scaling fails,
         *     or the user lacks permission.
         */
        post: operations["scale_service"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get deployment details (with live per-service health when available).
         * @description # Errors
         *
         *     Returns an error if the deployment is not found or storage access fails.
         */
        get: operations["get_deployment"];
        put?: never;
        post?: never;
        /**
         * Delete a deployment.
         * @description # Errors
         *
         *     Returns an error if the deployment is not found, storage access fails, or teardown
         *     encounters critical failures.
         */
        delete: operations["delete_deployment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/spec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the raw stored deployment, including the full `DeploymentSpec`.
         * @description Unlike [`get_deployment`], which projects to the public `DeploymentDetails`
         *     shape, this endpoint returns the full [`StoredDeployment`] so callers that
         *     need the underlying spec (image, command, env, scale) — for example the
         *     Docker Engine API compatibility shim translating `/services` requests —
         *     can reconstruct the original input.
         *
         *     # Errors
         *
         *     Returns an error if the deployment is not found or storage access fails.
         */
        get: operations["get_deployment_spec"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream daemon lifecycle events as NDJSON.
         * @description Each event is one JSON object on its own line, terminated with `\n`. The
         *     response advertises `Content-Type: application/json` (matching Docker's
         *     `/events` endpoint contract).
         *
         *     # Errors
         *
         *     Returns `400` if a `label` query parameter is malformed, `401` if the
         *     caller is not authenticated.
         */
        get: operations["stream_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all cached images known to the runtime.
         * @description # Errors
         *
         *     Returns an error if authentication fails or the runtime cannot enumerate
         *     its image cache (for example, when the backend does not implement
         *     `list_images`).
         */
        get: operations["list_images_handler"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images/{image}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove an image from the runtime's cache.
         * @description # Errors
         *
         *     Returns an error if authentication fails, the image cannot be found, or
         *     the runtime backend does not support image removal.
         */
        delete: operations["remove_image_handler"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images/pull": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pull an OCI image into the runtime's local cache.
         * @description Two behaviours, selected by the `stream` query parameter:
         *
         *     - `stream=false` (default): blocking pull. The handler returns only
         *       after the image is resolved and stored locally (or the pull fails).
         *       Response is `{"reference":"...","digest":"...","size_bytes":...}`
         *       ([`PullImageResponse`]).
         *     - `stream=true`: NDJSON stream of [`PullProgressDto`] events. Each
         *       `Status { ... }` becomes one JSON line; the final `Done { ... }`
         *       becomes one line and the stream closes. Errors mid-pull surface as
         *       a single `{"error":"..."}` line and terminate the stream.
         *
         *     When `pull_policy` is omitted the default is `"always"`, matching
         *     Docker-compat semantics for `POST /images/create`.
         *
         *     # Errors
         *
         *     Returns an error if authentication fails, the reference is empty, the
         *     image cannot be pulled, or the user lacks the operator role.
         */
        post: operations["pull_image_handler"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images/tag": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a new tag pointing at an existing image.
         * @description Docker-compat `POST /api/v1/images/tag`: takes `{ source, target }` and
         *     asks the runtime to make `target` resolve to the same content as `source`.
         *     Both references must be non-empty; `target` is split on the last `:` into
         *     repository + tag (defaulting tag to `latest`).
         *
         *     # Errors
         *
         *     Returns `400` if the request body is malformed, `404` if the source image
         *     is not in the cache, `403` if the caller lacks the `operator` role, `501`
         *     if the runtime does not support tagging, and `500` for other runtime
         *     errors.
         */
        post: operations["tag_image_handler"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all nodes in the cluster.
         * @description # Errors
         *
         *     Returns an error if authentication fails.
         */
        get: operations["list_nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get detailed information about a specific node.
         * @description # Errors
         *
         *     Returns an error if the node is not found.
         */
        get: operations["get_node"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes/join-token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Generate a join token for new nodes to join the cluster.
         * @description # Errors
         *
         *     Returns an error if cluster management is not available or the user lacks permission.
         */
        post: operations["generate_join_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List secrets in a scope.
         * @description Scope resolution: see [`resolve_scope`].
         *
         *     # Errors
         *
         *     Returns an error if storage access fails.
         */
        get: operations["list_secrets"];
        put?: never;
        /**
         * Create or update a secret.
         * @description Stores a new secret or updates an existing one. The secret value is
         *     encrypted at rest and the version number is incremented on updates.
         *
         *     Scope resolution: see [`resolve_scope`].
         *
         *     # Errors
         *
         *     Returns an error if validation fails, storage operations fail, or the
         *     caller lacks permission.
         */
        post: operations["create_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get metadata for a specific secret. With `?reveal=true` (admin only),
         *     the response also includes the plaintext `value`.
         * @description Scope resolution: see [`resolve_scope_get`].
         *
         *     # Errors
         *
         *     Returns an error if the secret is not found, the caller is unauthorised
         *     to reveal, or storage access fails.
         */
        get: operations["get_secret_metadata"];
        put?: never;
        post?: never;
        /**
         * Delete a secret.
         * @description Scope resolution: see [`resolve_scope_get`] (the same query type is
         *     reused minus `reveal`).
         *
         *     # Errors
         *
         *     Returns an error if the secret is not found, storage access fails, or
         *     the caller lacks permission.
         */
        delete: operations["delete_secret"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/{name}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate a secret — overwrite with a new value and return the version before+after.
         * @description Admin-only in v1. Mutually exclusive scope query like the other endpoints.
         *
         *     # Errors
         *
         *     Returns `ApiError::BadRequest` for empty names or conflicting scope params,
         *     `ApiError::Forbidden` for non-admin callers, `ApiError::NotFound` when the
         *     secret or environment is unknown, and `ApiError::Internal` for storage
         *     failures.
         */
        post: operations["rotate_secret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/bulk-import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bulk-import secrets from a dotenv-style payload (`KEY=value\n…`).
         * @description Each non-empty, non-comment line is parsed into a (name, value) pair and
         *     written to the env's scope. Lines that fail to parse are returned in
         *     `errors` and do not abort the import. Each successful write is counted
         *     as either `created` or `updated`.
         *
         *     # Errors
         *
         *     Returns [`ApiError::Forbidden`] for non-admins, [`ApiError::NotFound`]
         *     when the environment id is unknown, or [`ApiError::Internal`] when the
         *     secrets store fails.
         */
        post: operations["bulk_import_secrets"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/secrets/reveal-all": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reveal every secret in an environment at once (admin only).
         * @description Used by `zlayer run` to build the child-process env in a single round-trip.
         *
         *     # Errors
         *
         *     Returns `ApiError::Forbidden` if the caller is not admin, `ApiError::NotFound`
         *     if the environment is unknown, and `ApiError::Internal` for storage failures.
         */
        get: operations["reveal_all_secrets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system/prune": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prune dangling / unused images from the runtime's cache.
         * @description # Errors
         *
         *     Returns an error if authentication fails or the runtime backend does not
         *     support pruning.
         */
        post: operations["prune_images_handler"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Liveness probe - basic health check */
        get: operations["liveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Readiness probe - full health check */
        get: operations["readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description CPU architecture a service needs. Mirrors the arch half of an OCI platform.
         * @enum {string}
         */
        ArchKind: "amd64" | "arm64";
        /** @description Result body for `POST /api/v1/secrets/bulk-import`. */
        BulkImportResponse: {
            /** @description Number of new secrets created. */
            created: number;
            /** @description Per-line errors. Empty when every line parsed and stored cleanly. */
            errors: string[];
            /** @description Number of existing secrets updated. */
            updated: number;
        };
        /** @description Summary of a cluster node for listing. */
        ClusterNodeSummary: {
            /** @description Network address (Raft RPC address) */
            address: string;
            /** @description Advertise address (public IP) */
            advertise_addr: string;
            /**
             * @description API endpoint as `advertise_addr:api_port` (e.g., "127.0.0.1:19110").
             *     Distinct from `address` which holds the Raft RPC endpoint.
             */
            api_endpoint?: string;
            /**
             * Format: double
             * @description Total CPU cores on this node
             */
            cpu_total: number;
            /**
             * Format: double
             * @description Current CPU usage (cores)
             */
            cpu_used: number;
            /** @description UUID or Raft-level ID */
            id: string;
            /** @description Whether this node is the Raft leader */
            is_leader: boolean;
            /**
             * Format: int64
             * @description Last heartbeat timestamp (Unix timestamp ms)
             */
            last_heartbeat: number;
            /**
             * Format: int64
             * @description Total memory in bytes
             */
            memory_total: number;
            /**
             * Format: int64
             * @description Current memory usage in bytes
             */
            memory_used: number;
            /** @description Join mode: "full" or "replicate" */
            mode: string;
            /** @description Overlay network IP assigned to this node */
            overlay_ip: string;
            /**
             * Format: int64
             * @description When the node was registered (Unix timestamp ms)
             */
            registered_at: number;
            /** @description Role in the Raft cluster: "leader", "voter", or "learner" */
            role: string;
            /** @description Current status (e.g. "ready", "draining", "dead") */
            status: string;
        };
        /**
         * @description One row of `GET /api/v1/containers/{id}/changes` (Docker compat shape).
         *
         *     Mirrors Docker's `{"Path": "/foo", "Kind": 0}` body:
         *     `Kind` is a numeric enum where `0 = Modified`, `1 = Added`, `2 = Deleted`.
         */
        ContainerChangeEntry: {
            /**
             * Format: int32
             * @description `0` = Modified, `1` = Added, `2` = Deleted (Docker's wire integer).
             */
            Kind: number;
            /** @description Path inside the container that changed (absolute, e.g. `/etc/hosts`). */
            Path: string;
        };
        /** @description A container lifecycle event published on the bus. */
        ContainerEvent: {
            /**
             * Format: date-time
             * @description Wall-clock time the event was emitted.
             *
             *     Serialized as an RFC 3339 string on the wire.
             */
            at: string;
            /**
             * Format: int32
             * @description Exit code, when known. Populated for `Die` events where a wait has
             *     already resolved; otherwise `None`.
             */
            exit_code?: number | null;
            /** @description Container identifier (the API's id string, not the raw runtime id). */
            id: string;
            /** @description What kind of transition this event represents. */
            kind: components["schemas"]["ContainerEventKind"];
            /**
             * @description Labels on the container at the time of the event. Used by subscribers
             *     to filter via the `label=k=v` query param (AND semantics).
             */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Free-form human-readable reason. For `Die`, may indicate "stopped",
             *     "killed", "oom-killed"; for `Oom`, the OOM detail; for `Health`, may
             *     echo the probe failure message.
             */
            reason?: string | null;
            /**
             * @description Health status, only populated for `Health` events (e.g. "healthy",
             *     "unhealthy", "starting").
             */
            status?: string | null;
        };
        /**
         * @description Kind of container lifecycle event.
         * @enum {string}
         */
        ContainerEventKind: "start" | "die" | "oom" | "health";
        /** @description Exec request for running a command in a container */
        ContainerExecRequest: {
            /** @description Command and arguments to execute */
            command: string[];
        };
        /** @description Exec response with command output */
        ContainerExecResponse: {
            /**
             * Format: int32
             * @description Exit code from the command
             */
            exit_code: number;
            /** @description Standard error */
            stderr: string;
            /** @description Standard output */
            stdout: string;
        };
        /**
         * @description Runtime-native health snapshot on [`ContainerInfo::health`].
         *
         *     Sourced from bollard's `ContainerState.health` for Docker-backed
         *     containers. The internal `HealthMonitor` in
         *     `crates/zlayer-agent/src/health.rs` drives service-level health events
         *     against user-configured health specs; for standalone containers the API
         *     reports the runtime-native status instead so images with a baked-in
         *     `HEALTHCHECK` still surface correctly.
         */
        ContainerHealthInfo: {
            /**
             * Format: int32
             * @description Consecutive failing probe count, when the runtime tracks it.
             */
            failing_streak?: number | null;
            /** @description Output from the most recent failing probe, when available. */
            last_output?: string | null;
            /**
             * @description One of `"none"`, `"starting"`, `"healthy"`, `"unhealthy"` (Docker
             *     `HealthStatusEnum`). Empty / missing upstream values normalise to
             *     `"none"`.
             */
            status: string;
        };
        /** @description Container information returned by the API */
        ContainerInfo: {
            /** @description Creation timestamp (ISO 8601) */
            created_at: string;
            /**
             * Format: int32
             * @description Most-recent exit code. `None` for containers still running and for
             *     containers that have never exited.
             */
            exit_code?: number | null;
            health?: null | components["schemas"]["ContainerHealthInfo"];
            /** @description Container identifier */
            id: string;
            /** @description OCI image reference */
            image: string;
            /**
             * @description Primary IPv4 address (first non-empty IP across attached networks).
             *     Docker's `bridge` network is preferred when present.
             */
            ipv4?: string | null;
            /** @description Labels */
            labels: {
                [key: string]: string;
            };
            /** @description Human-readable name (if set) */
            name?: string | null;
            /**
             * @description Networks this container is attached to, with per-network aliases
             *     and IPv4. Empty when the runtime doesn't surface network detail.
             */
            networks?: components["schemas"]["NetworkAttachmentInfo"][];
            /**
             * Format: int32
             * @description Process ID (if running)
             */
            pid?: number | null;
            /**
             * @description Published port mappings (container → host). Populated from the
             *     runtime's inspect response; empty when the runtime doesn't expose
             *     port-level detail or the container has no published ports.
             */
            ports?: components["schemas"]["PortMapping"][];
            /** @description Container state (pending, running, exited, failed) */
            state: string;
        };
        /**
         * @description Wire format for [`ContainerLogQuery::format`].
         * @enum {string}
         */
        ContainerLogFormat: "json" | "raw";
        /** @description One host binding inside a [`ContainerPortResponse`] entry. */
        ContainerPortBinding: {
            /**
             * @description Host IP that maps to the container port. Empty / `"0.0.0.0"` means
             *     "any IPv4 address".
             */
            HostIp?: string | null;
            /** @description Host port (always serialised as a string in Docker's wire format). */
            HostPort?: string | null;
        };
        /**
         * @description Response body for `GET /api/v1/containers/{id}/port` (Docker compat shape).
         *
         *     Mirrors Docker's `{"Ports": {"80/tcp": [{"HostIp":"...","HostPort":"..."}]}}`
         *     body. Each key is `<container_port>/<protocol>` and the value is the list
         *     of host bindings for that port (or `null` when the port is exposed but not
         *     published).
         */
        ContainerPortResponse: {
            /** @description Map of `"<port>/<protocol>"` to host bindings. */
            Ports: {
                [key: string]: components["schemas"]["ContainerPortBinding"][] | null;
            };
        };
        /**
         * @description Response body for `POST /api/v1/containers/prune` (Docker compat shape).
         *
         *     Docker uses `ContainersDeleted` / `SpaceReclaimed` `PascalCase` fields, so
         *     SDK consumers (and the docker shim) can read the body verbatim.
         */
        ContainerPruneResponse: {
            /** @description Container IDs that were removed. */
            ContainersDeleted: string[];
            /**
             * Format: int64
             * @description Bytes reclaimed from the runtime's container storage.
             */
            SpaceReclaimed: number;
        };
        /** @description Resource limits for a container */
        ContainerResourceLimits: {
            /**
             * Format: double
             * @description CPU limit in cores (e.g., 0.5, 1.0, 2.0)
             */
            cpu?: number | null;
            /** @description Memory limit (e.g., "256Mi", "1Gi") */
            memory?: string | null;
        };
        /**
         * @description Which flavor of container restart policy to apply.
         * @enum {string}
         */
        ContainerRestartKind: "no" | "always" | "unless_stopped" | "on_failure";
        /**
         * @description Container-runtime-level restart policy.
         *
         *     Maps onto Docker's `HostConfig.RestartPolicy`. Distinct from
         *     [`PanicPolicy`], which governs what `ZLayer` does in response to an
         *     application panic (it does not set a Docker restart policy).
         */
        ContainerRestartPolicy: {
            /**
             * @description Humantime-formatted delay between restarts (e.g. `"500ms"`,
             *     `"2s"`). Accepted for forward-compatibility but currently ignored
             *     by the Docker backend: bollard's `RestartPolicy` has no per-kind
             *     delay field. When set, the runtime emits a warning.
             */
            delay?: string | null;
            /** @description Which restart policy to apply. */
            kind: components["schemas"]["ContainerRestartKind"];
            /**
             * Format: int32
             * @description For `on_failure` only: maximum number of restart attempts before
             *     giving up. Ignored by other kinds. `None` means "retry forever".
             */
            max_attempts?: number | null;
        };
        /** @description Container resource statistics */
        ContainerStatsResponse: {
            /**
             * Format: int64
             * @description CPU usage in microseconds
             */
            cpu_usage_usec: number;
            /** @description Container identifier */
            id: string;
            /**
             * Format: int64
             * @description Current memory usage in bytes
             */
            memory_bytes: number;
            /**
             * Format: int64
             * @description Memory limit in bytes (`u64::MAX` if unlimited)
             */
            memory_limit: number;
            /**
             * Format: double
             * @description Memory usage as percentage of limit
             */
            memory_percent: number;
        };
        /**
         * @description Response body for `GET /api/v1/containers/{id}/top` (Docker compat shape).
         *
         *     Wire field names use Docker's `Titles` / `Processes` casing so the
         *     shim can pass the body through untouched.
         */
        ContainerTopResponse: {
            /**
             * @description One row per process inside the container. Each row has the same
             *     length as `titles`.
             */
            Processes: string[][];
            /**
             * @description `ps` column titles — e.g. `["UID", "PID", "PPID", "C", "STIME",
             *     "TTY", "TIME", "CMD"]`.
             */
            Titles: string[];
        };
        /**
         * @description Request body for `POST /api/v1/containers/{id}/update`.
         *
         *     Mirrors Docker Engine's `POST /containers/{id}/update` body 1:1 so the
         *     `zlayer-docker` compatibility shim can pass the wire payload straight
         *     through. Every field is optional — only the fields present on the wire
         *     are applied; unset fields are left untouched on the running container.
         *
         *     Field naming uses Docker's `PascalCase` on the wire (`CpuShares`,
         *     `Memory`, ...) and `snake_case` on the Rust side. Subset of the full
         *     Docker schema: `ZLayer` supports the resource knobs (cpu, memory, pids,
         *     blkio) plus `RestartPolicy`. Windows-only fields (`CpuCount`,
         *     `IOMaximumIOps`) and ulimits/devices are accepted on the wire but
         *     silently ignored by the Linux runtimes.
         */
        ContainerUpdateRequest: {
            /**
             * Format: int32
             * @description Block IO weight (relative weight, range 10-1000).
             */
            BlkioWeight?: number | null;
            /**
             * Format: int64
             * @description CPU CFS period in microseconds.
             */
            CpuPeriod?: number | null;
            /**
             * Format: int64
             * @description CPU CFS quota in microseconds. Together with `cpu_period` defines
             *     the fraction of a CPU the container may use.
             */
            CpuQuota?: number | null;
            /**
             * Format: int64
             * @description CPU real-time period in microseconds.
             */
            CpuRealtimePeriod?: number | null;
            /**
             * Format: int64
             * @description CPU real-time runtime in microseconds.
             */
            CpuRealtimeRuntime?: number | null;
            /** @description CPUs allowed for execution (e.g. `"0-3"`, `"0,1"`). */
            CpusetCpus?: string | null;
            /** @description Memory nodes (NUMA) allowed for execution (e.g. `"0-3"`). */
            CpusetMems?: string | null;
            /**
             * Format: int64
             * @description Relative CPU weight (cgroup `cpu.weight` or `cpu.shares`). Range
             *     2-262144 on cgroup v2; 2-262144 mapped from 1-10000 on v1.
             */
            CpuShares?: number | null;
            /**
             * Format: int64
             * @description Kernel memory limit in bytes (deprecated upstream; accepted for
             *     wire compatibility).
             */
            KernelMemory?: number | null;
            /**
             * Format: int64
             * @description Memory limit in bytes. Set `0` to remove the limit.
             */
            Memory?: number | null;
            /**
             * Format: int64
             * @description Soft memory limit in bytes. The kernel reclaims pages above this
             *     reservation when the host comes under memory pressure.
             */
            MemoryReservation?: number | null;
            /**
             * Format: int64
             * @description Total memory limit (memory + swap) in bytes. `-1` removes the swap
             *     limit, matching Docker semantics.
             */
            MemorySwap?: number | null;
            /**
             * Format: int64
             * @description PIDs limit. Set `0` or `-1` for unlimited.
             */
            PidsLimit?: number | null;
            RestartPolicy?: null | components["schemas"]["ContainerUpdateRestartPolicy"];
        };
        /**
         * @description Response body for `POST /api/v1/containers/{id}/update`.
         *
         *     Mirrors Docker's `{"Warnings": [...]}` shape so the compat layer
         *     passes the body through verbatim. `Warnings` is always present (even
         *     if empty) for wire compatibility with clients that match the field
         *     presence, not just its contents.
         */
        ContainerUpdateResponse: {
            /**
             * @description Human-readable warnings emitted by the runtime while applying the
             *     update — e.g. `"kernel memory limit is deprecated"`.
             */
            Warnings?: string[];
        };
        /**
         * @description Restart policy entry for [`ContainerUpdateRequest`].
         *
         *     Mirrors Docker's `HostConfig.RestartPolicy` shape so the Docker compat
         *     layer can pass the wire payload through unchanged. `name` accepts the
         *     same set of strings as `docker run --restart`: `""`, `"no"`, `"always"`,
         *     `"unless-stopped"`, or `"on-failure"`. `maximum_retry_count` is only
         *     honoured when `name == "on-failure"`.
         */
        ContainerUpdateRestartPolicy: {
            /**
             * Format: int64
             * @description Maximum number of retries before giving up (only used with
             *     `on-failure`). When `0` or omitted, retries are unbounded.
             */
            MaximumRetryCount?: number | null;
            /** @description `"no"`, `"always"`, `"unless-stopped"`, or `"on-failure"`. */
            Name?: string | null;
        };
        /** @description Error envelope nested inside [`ContainerWaitDockerResponse`]. */
        ContainerWaitDockerError: {
            /** @description Human-readable description of why the wait failed. */
            Message: string;
        };
        /**
         * @description Docker-shaped wait response returned by
         *     `POST /api/v1/containers/{id}/wait`.
         *
         *     Mirrors Docker Engine's `/containers/{id}/wait` body 1:1: a
         *     `StatusCode` field plus an optional `Error` envelope. Used by the
         *     `zlayer-docker` compatibility shim and any SDK callers that consume
         *     the Docker shape directly. The richer
         *     [`ContainerWaitResponse`] (returned by the legacy `GET` endpoint) is
         *     preserved for clients that need the `reason` / `signal` / `finished_at`
         *     classification fields.
         */
        ContainerWaitDockerResponse: {
            Error?: null | components["schemas"]["ContainerWaitDockerError"];
            /**
             * Format: int64
             * @description Container exit code (0 = success). When killed by signal `N`,
             *     this is typically `128 + N`, matching Docker's convention.
             */
            StatusCode: number;
        };
        /**
         * @description Wait response with container exit code plus optional classification
         *     fields (added in §3.12 of the SDK-fixes spec).
         *
         *     The three optional fields (`reason`, `signal`, `finished_at`) are
         *     additive — clients that only read `exit_code` keep working unchanged.
         */
        ContainerWaitResponse: {
            /**
             * Format: int32
             * @description Exit code (0 = success). When the container was killed by signal
             *     `N`, this is typically `128 + N`.
             */
            exit_code: number;
            /**
             * @description RFC3339 timestamp of when the container exited, if reported by
             *     the runtime.
             */
            finished_at?: string | null;
            /** @description Container identifier */
            id: string;
            /**
             * @description Classification of the exit. One of `"exited"`, `"signal"`,
             *     `"oom_killed"`, or `"runtime_error"`. Absent when the runtime
             *     didn't classify the exit.
             */
            reason?: string | null;
            /**
             * @description Signal name when `reason == "signal"`, e.g. `"SIGKILL"`. Absent
             *     when the runtime couldn't determine it (or the exit wasn't a
             *     signal death).
             */
            signal?: string | null;
        };
        /** @description Request to create and start a container */
        CreateContainerRequest: {
            /**
             * Format: int32
             * @description Block IO weight, 10-1000 (Docker `--blkio-weight`).
             */
            blkio_weight?: number | null;
            /**
             * @description Linux capabilities to add (Docker `--cap-add`). Maps to
             *     `ServiceSpec::capabilities`.
             */
            cap_add?: string[];
            /** @description Linux capabilities to drop (Docker `--cap-drop`). */
            cap_drop?: string[];
            /** @description Command to run (overrides image entrypoint) */
            command?: string[] | null;
            /**
             * Format: int32
             * @description Relative CPU shares (Docker `--cpu-shares`). Default weight is 1024.
             */
            cpu_shares?: number | null;
            /**
             * @description CPUs that the container is allowed to execute on
             *     (Docker `--cpuset-cpus`).
             */
            cpuset?: string | null;
            /** @description Host devices to expose to the container (Docker `--device`). */
            devices?: components["schemas"]["DeviceSpec"][];
            /**
             * @description Additional DNS servers (maps to Docker's `--dns`). Each entry must be
             *     a plausible IPv4 or IPv6 address.
             */
            dns?: string[];
            /** @description Environment variables */
            env?: {
                [key: string]: string;
            };
            /**
             * @description Additional groups to add to the container process
             *     (Docker `--group-add`).
             */
            extra_groups?: string[];
            /**
             * @description Extra `hostname:ip` entries appended to `/etc/hosts` (maps to Docker's
             *     `--add-host`). The special literal `host-gateway` is accepted as the
             *     `ip` half.
             */
            extra_hosts?: string[];
            health_check?: null | components["schemas"]["HealthCheckRequest"];
            /** @description Optional container hostname (maps to Docker's `--hostname`). */
            hostname?: string | null;
            /** @description OCI image reference (e.g., "nginx:latest", "ubuntu:22.04") */
            image: string;
            /**
             * @description Run a Docker-supplied init process (PID 1) inside the container
             *     (Docker `--init`). Distinct from `ZLayer`'s pre-start init actions.
             */
            init_container?: boolean | null;
            /**
             * @description IPC namespace mode (Docker `--ipc`). Accepts e.g. `"host"`,
             *     `"shareable"`, `"private"`, or `"container:<id>"`.
             */
            ipc_mode?: string | null;
            /** @description Labels for filtering and grouping */
            labels?: {
                [key: string]: string;
            };
            /**
             * @description Container lifecycle policy. Carries the `delete_on_exit` knob (Docker
             *     `--rm` / `HostConfig.AutoRemove`) so the daemon can remove terminated
             *     container records and bundles once they exit. Defaults to
             *     [`crate::spec::LifecycleSpec::default()`] (i.e. retain on exit), which
             *     matches the historical behavior for callers that omit the field.
             */
            lifecycle?: components["schemas"]["LifecycleSpec"];
            /** @description Soft memory limit (Docker `--memory-reservation`). */
            memory_reservation?: string | null;
            /** @description Total memory limit including swap (Docker `--memory-swap`). */
            memory_swap?: string | null;
            /**
             * Format: int32
             * @description Container memory swappiness, 0-100 (Docker `--memory-swappiness`).
             */
            memory_swappiness?: number | null;
            /** @description Optional human-readable name */
            name?: string | null;
            network_mode?: null | components["schemas"]["NetworkMode"];
            /**
             * @description User-defined bridge/overlay networks to attach the newly-created
             *     container to. Each entry references a network by id or name and is
             *     attached after the container is successfully started. If any
             *     attachment fails, the partially-started container is rolled back
             *     (stopped + removed) and the request is failed.
             */
            networks?: components["schemas"]["NetworkAttachmentRequest"][];
            node_selector?: null | components["schemas"]["NodeSelector"];
            /** @description Disable the OOM killer for the container (Docker `--oom-kill-disable`). */
            oom_kill_disable?: boolean | null;
            /**
             * Format: int32
             * @description OOM-killer score adjustment (Docker `--oom-score-adj`).
             */
            oom_score_adj?: number | null;
            /**
             * @description PID namespace mode (Docker `--pid`). Accepts e.g. `"host"` or
             *     `"container:<id>"`.
             */
            pid_mode?: string | null;
            /**
             * Format: int64
             * @description Maximum number of processes the container may spawn
             *     (Docker `--pids-limit`).
             */
            pids_limit?: number | null;
            platform?: null | components["schemas"]["TargetPlatform"];
            /**
             * @description Published ports (Docker's `-p host:container/proto`). When omitted,
             *     the container is created without any host port publishing.
             */
            ports?: components["schemas"]["PortMapping"][];
            /**
             * @description Run the container in privileged mode (Docker `--privileged`). When
             *     omitted, defaults to `false`.
             */
            privileged?: boolean | null;
            /** @description Image pull policy: "always", "`if_not_present`", or "never" */
            pull_policy?: string | null;
            /** @description Mount the container's root filesystem read-only (Docker `--read-only`). */
            read_only_root_fs?: boolean;
            registry_auth?: null | components["schemas"]["RegistryAuth"];
            /**
             * @description Id of a persisted registry credential (from
             *     `POST /api/v1/credentials/registry`) to use when pulling the image.
             *     Ignored when [`Self::registry_auth`] is also supplied (inline auth
             *     wins). Requires the daemon to be configured with a credential store
             *     — otherwise the request is rejected with `400`.
             */
            registry_credential_id?: string | null;
            resources?: null | components["schemas"]["ContainerResourceLimits"];
            restart_policy?: null | components["schemas"]["ContainerRestartPolicy"];
            /**
             * @description Security options such as `apparmor=...`, `seccomp=...`,
             *     `no-new-privileges:true` (Docker `--security-opt`).
             */
            security_opt?: string[];
            /**
             * @description Grace period to wait between the stop signal and a forced kill
             *     (Docker `--stop-timeout`). Wire format is a humantime string
             *     (e.g. `"30s"`, `"500ms"`, `"1m"`).
             * @example 30s
             */
            stop_grace_period?: string | null;
            /**
             * @description Signal sent to the container's main process to request a graceful
             *     shutdown (Docker `--stop-signal`). Accepts e.g. `"SIGTERM"` or `"15"`.
             */
            stop_signal?: string | null;
            /** @description Kernel sysctl overrides (Docker `--sysctl`). */
            sysctls?: {
                [key: string]: string;
            };
            /** @description Per-process ulimits (Docker `--ulimit`). */
            ulimits?: {
                [key: string]: components["schemas"]["UlimitSpec"];
            };
            /**
             * @description User and group override for the container's main process
             *     (Docker `--user uid:gid`).
             */
            user?: string | null;
            /** @description Volume mounts */
            volumes?: components["schemas"]["VolumeMount"][];
            /** @description Working directory inside the container */
            work_dir?: string | null;
        };
        /** @description Create deployment request */
        CreateDeploymentRequest: {
            /** @description Deployment specification (YAML content) */
            spec: string;
        };
        /**
         * @description Request to create or update a secret.
         *
         *     `scope` is optional and only honored on the legacy code path — when set
         *     alongside `?environment=`, the request is rejected.
         */
        CreateSecretRequest: {
            /** @description The name of the secret. */
            name: string;
            node_affinity?: null | components["schemas"]["NodeAffinity"];
            /**
             * @description Optional explicit scope (legacy form). Mutually exclusive with the
             *     `?environment=` query parameter.
             */
            scope?: string | null;
            /** @description The secret value (will be encrypted at rest). */
            value: string;
        };
        /**
         * @description Response body for `GET /api/v1/daemon/capabilities`.
         *
         *     Snapshot of the daemon's runtime environment: privilege level, cgroup
         *     scoping, network-related kernel capabilities. The fields mirror
         *     [`DaemonCapabilities`] field-for-field; values are memoised at process
         *     start and do not change at runtime.
         */
        DaemonCapabilitiesResponse: {
            /**
             * @description `true` if the cgroup root's `cgroup.subtree_control` has the owner-
             *     write bit set.
             */
            can_write_cgroup_root: boolean;
            /** @description The cgroup v2 path of the current process, if any. */
            cgroup_parent?: string | null;
            /** @description `true` if `CAP_NET_ADMIN` is present in the process's bounding set. */
            has_cap_net_admin: boolean;
            /**
             * @description `true` if the process appears to be inside a container (non-root
             *     cgroup v2 path).
             */
            is_nested: boolean;
            /** @description `true` if the process is running as uid 0. */
            is_root: boolean;
            /** @description Coarse classification derived from the boolean fields below. */
            mode: components["schemas"]["DaemonModeDto"];
            /**
             * @description `true` if `/dev/net/tun` can be opened r/w without
             *     EACCES/EPERM/ENOENT/ENXIO.
             */
            tun_device_available: boolean;
        };
        /**
         * @description A daemon lifecycle event. One of container, image, network, or volume.
         *
         *     Events are tagged on the wire with `"resource"` (`container` | `image` |
         *     `network` | `volume`) so consumers can route on resource type without
         *     matching the variant shape.
         */
        DaemonEvent: (components["schemas"]["ContainerEvent"] & {
            /** @enum {string} */
            resource: "container";
        }) | (components["schemas"]["ImageEvent"] & {
            /** @enum {string} */
            resource: "image";
        }) | (components["schemas"]["NetworkEvent"] & {
            /** @enum {string} */
            resource: "network";
        }) | (components["schemas"]["VolumeEvent"] & {
            /** @enum {string} */
            resource: "volume";
        });
        /**
         * @description Coarse classification of the daemon's effective execution environment.
         *
         *     Mirror of [`zlayer_agent::capability::DaemonMode`]. The agent's enum lives
         *     in a crate that doesn't depend on `utoipa`, so we duplicate the variants
         *     here (kept in sync via the [`From`] impl below) and tag this one with
         *     [`ToSchema`] for `OpenAPI` generation.
         * @enum {string}
         */
        DaemonModeDto: "full" | "nested_adaptive" | "degraded";
        /** @description Deployment details (enhanced with per-service health and endpoints) */
        DeploymentDetails: {
            /** @description Created timestamp */
            created_at: string;
            /** @description Deployment name */
            name: string;
            /** @description Per-service health and endpoint info */
            service_health: components["schemas"]["ServiceHealthInfo"][];
            /** @description Service names (for backwards compatibility) */
            services: string[];
            /** @description Deployment status */
            status: string;
            /** @description Updated timestamp */
            updated_at: string;
        };
        /** @description Deployment lifecycle status. */
        DeploymentStatus: {
            /** @enum {string} */
            state: "pending";
        } | {
            /** @enum {string} */
            state: "deploying";
        } | {
            /** @enum {string} */
            state: "running";
        } | {
            /** @description Error message describing the failure */
            message: string;
            /** @enum {string} */
            state: "failed";
        } | {
            /** @enum {string} */
            state: "stopped";
        };
        /** @description Deployment summary */
        DeploymentSummary: {
            /** @description Created timestamp */
            created_at: string;
            /** @description Deployment name */
            name: string;
            /** @description Number of services */
            service_count: number;
            /** @description Deployment status */
            status: string;
        };
        /** @description Device passthrough specification */
        DeviceSpec: {
            /** @description Allow mknod (create device nodes) */
            mknod?: boolean;
            /** @description Host device path (e.g., /dev/kvm, /dev/net/tun) */
            path: string;
            /** @description Allow read access */
            read?: boolean;
            /** @description Allow write access */
            write?: boolean;
        };
        /**
         * @description Container health check request.
         *
         *     Mirrors the on-disk `HealthCheck` enum (see `zlayer_spec::HealthCheck`) as a
         *     discriminated union keyed on `type`. Translated to `zlayer_spec::HealthSpec`
         *     by `HealthCheckRequest::to_health_spec`. Durations are humantime strings
         *     (for example `"10s"`, `"500ms"`, `"1m"`).
         *
         *     ## Variants
         *     - `type: "tcp"` — requires `port` (1-65535).
         *     - `type: "http"` — requires `url`; `expect_status` defaults to 200.
         *     - `type: "command"` — requires `command` (array of argv tokens; joined with
         *       spaces and passed to `sh -c` by the health monitor, matching the existing
         *       compose-to-ZLayer conversion in `zlayer-docker`).
         */
        HealthCheckRequest: {
            /**
             * @description Command argv (required when `type == "command"`). Joined with spaces
             *     and passed to `sh -c`.
             */
            command?: string[] | null;
            /**
             * Format: int32
             * @description HTTP status code expected from `url` (defaults to 200).
             */
            expect_status?: number | null;
            /** @description Interval between checks, humantime format (e.g. `"30s"`). Defaults to 30s. */
            interval?: string | null;
            /**
             * Format: int32
             * @description TCP port (required when `type == "tcp"`).
             */
            port?: number | null;
            /**
             * Format: int32
             * @description Number of consecutive failures before marking unhealthy. Defaults to 3.
             */
            retries?: number | null;
            /**
             * @description Grace period before the first check runs, humantime format. Maps to
             *     `HealthSpec::start_grace`.
             */
            start_period?: string | null;
            /** @description Timeout per individual check, humantime format. */
            timeout?: string | null;
            /** @description Check variant: `"tcp"`, `"http"`, or `"command"`. */
            type: string;
            /** @description HTTP URL (required when `type == "http"`). */
            url?: string | null;
        };
        /** @description Health check response */
        HealthResponse: {
            /** @description Container runtime name (e.g. "youki", "mac-sandbox", "docker") */
            runtime_name?: string;
            /** @description Service status */
            status: string;
            /**
             * Format: int64
             * @description Uptime in seconds
             */
            uptime_secs?: number | null;
            /** @description Service version */
            version: string;
        };
        /** @description An image lifecycle event. */
        ImageEvent: {
            /**
             * Format: date-time
             * @description Wall-clock time.
             */
            at: string;
            /** @description Optional content digest (`sha256:...`) when known. */
            digest?: string | null;
            kind: components["schemas"]["ImageEventKind"];
            /** @description Image reference (e.g. `nginx:latest` or `registry/foo/bar@sha256:...`). */
            reference: string;
            /** @description Source reference for `Tag` events (the image being aliased). */
            source?: string | null;
        };
        /**
         * @description Kind of image lifecycle event.
         * @enum {string}
         */
        ImageEventKind: "pull" | "push" | "delete" | "tag";
        /**
         * @description Serializable wrapper for `zlayer_agent::runtime::ImageInfo` so we can
         *     attach `ToSchema` here (the underlying type in `zlayer-agent` can't
         *     depend on `utoipa`).
         */
        ImageInfoDto: {
            /** @description Content-addressed digest (`sha256:...`) if known. */
            digest?: string | null;
            /** @description Canonical image reference (e.g. `zachhandley/zlayer-manager:latest`). */
            reference: string;
            /**
             * Format: int64
             * @description Size in bytes if known.
             */
            size_bytes?: number | null;
        };
        /** @description Join token response for cluster joining */
        JoinTokenResponse: {
            /** @description Allocated IP address for the joining node */
            allocated_ip: string;
            /**
             * Format: int64
             * @description Token expiration timestamp (Unix timestamp)
             */
            expires_at: number;
            /** @description Leader endpoint to connect to */
            leader_endpoint: string;
            /** @description Leader's public key for secure communication */
            leader_public_key: string;
            /** @description Overlay network CIDR */
            overlay_cidr: string;
            /** @description Join token for authenticating the new node */
            token: string;
        };
        /**
         * @description Request body for killing (sending a signal to) a container. Matches the
         *     Docker-compat `POST /containers/{id}/kill` shape.
         */
        KillContainerRequest: {
            /**
             * @description Signal name to send (e.g. `"SIGTERM"`, `"SIGINT"`). Accepts both the
             *     `SIG`-prefixed and bare forms. When omitted, defaults to `SIGKILL`.
             */
            signal?: string | null;
        };
        /**
         * @description Lifecycle policy for service / job / cron containers.
         *
         *     Currently exposes a single `delete_on_exit` knob that, when `true`,
         *     instructs higher layers to remove the container record (and its bundle)
         *     once it has terminated. Other layers consume this field; this type is
         *     purely descriptive.
         */
        LifecycleSpec: {
            /**
             * @description When true, terminated containers (and their bundles) are removed
             *     automatically rather than retained for inspection. Defaults to
             *     `false`, preserving the historical retain-on-exit behavior.
             */
            delete_on_exit?: boolean;
        };
        /**
         * @description Per-network attachment entry on [`ContainerInfo::networks`].
         *
         *     Populated from the runtime's inspect response — mirrors the subset of
         *     bollard's `EndpointSettings` that API clients need to correlate a container
         *     with its `container_networks` entries.
         */
        NetworkAttachmentInfo: {
            /** @description DNS aliases the container answers to on this network. */
            aliases?: string[];
            /** @description Assigned IPv4 on this network, if any. */
            ipv4?: string | null;
            /**
             * @description Network name as reported by the runtime. Matches the `name` field on
             *     entries returned by `GET /api/v1/container-networks`.
             */
            network: string;
        };
        /**
         * @description A request to attach a freshly-created container to a user-defined bridge
         *     or overlay network, mirroring the wire-shape used by `POST
         *     /api/v1/container-networks/{id_or_name}/connect`.
         *
         *     Included on [`CreateContainerRequest::networks`] so callers can wire up
         *     every attachment in a single call instead of issuing a separate connect
         *     request per network after container create.
         */
        NetworkAttachmentRequest: {
            /** @description Optional DNS aliases for this container on the network. */
            aliases?: string[];
            /**
             * @description Optional static IPv4 to pin this container to. Validated as
             *     [`std::net::Ipv4Addr`] before the runtime is called.
             */
            ipv4_address?: string | null;
            /** @description Bridge-network id or name to attach to. */
            network: string;
        };
        /** @description A network lifecycle event. */
        NetworkEvent: {
            /**
             * Format: date-time
             * @description Wall-clock time.
             */
            at: string;
            /** @description Container id, populated for `Connect`/`Disconnect`. */
            container_id?: string | null;
            /** @description Network driver (e.g. `bridge`, `overlay`). */
            driver?: string;
            /** @description Network identifier (registry id). */
            id: string;
            kind: components["schemas"]["NetworkEventKind"];
            /** @description Human-readable network name. */
            name: string;
        };
        /**
         * @description Kind of network lifecycle event.
         * @enum {string}
         */
        NetworkEventKind: "create" | "delete" | "connect" | "disconnect";
        /**
         * @description Network mode for a service container.
         *
         *     Mirrors Docker's `HostConfig.NetworkMode` semantics. Accepts both an
         *     enum-tagged form (e.g. `network_mode: { bridge: { name: my-net } }`) and a
         *     string form (e.g. `"host"`, `"bridge:my-net"`, `"container:abc123"`).
         */
        NetworkMode: "default" | "host" | "none" | {
            /**
             * @description Attach to a Docker bridge network. When `name` is `None`, uses the
             *     default `bridge` network.
             */
            bridge: {
                name?: string | null;
            };
        } | {
            /**
             * @description Attach to another container's network namespace
             *     (Docker `--network container:<id>`).
             */
            container: {
                id: string;
            };
        };
        /**
         * @description Constrains which nodes are allowed to host a given secret's
         *     decryptable form. Used as the value of `ReplicatedSecret.node_affinity`.
         *     `None` on a secret = unconstrained (any node may host); `Some(...)`
         *     = only matching nodes receive a wrap of this row's DEK material,
         *     and the API gate filters reads accordingly.
         */
        NodeAffinity: {
            /** @enum {string} */
            kind: "nodes";
            /** @description The set of `node_id`s entitled to host this secret. */
            node_ids: string[];
        } | {
            /** @enum {string} */
            kind: "labels";
            /** @description Required label key/value pairs. */
            labels: {
                [key: string]: string;
            };
        };
        /** @description Detailed node information */
        NodeDetails: {
            /** @description Node network address */
            address: string;
            /**
             * Format: int64
             * @description Node identifier
             */
            id: number;
            /** @description Node labels for scheduling */
            labels: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Last heartbeat timestamp (Unix timestamp)
             */
            last_heartbeat: number;
            /**
             * Format: int64
             * @description Last seen timestamp (Unix timestamp)
             */
            last_seen: number;
            /**
             * Format: int64
             * @description When the node was registered (Unix timestamp)
             */
            registered_at: number;
            /** @description Node resource information */
            resources: components["schemas"]["NodeResourceInfo"];
            /** @description Node role */
            role: string;
            /** @description Services running on this node */
            services: string[];
            /** @description Current node status */
            status: string;
        };
        /** @description Node resource information */
        NodeResourceInfo: {
            /**
             * Format: double
             * @description CPU usage percentage
             */
            cpu_percent: number;
            /**
             * Format: double
             * @description Total CPU cores
             */
            cpu_total: number;
            /**
             * Format: double
             * @description Used CPU cores
             */
            cpu_used: number;
            /**
             * Format: double
             * @description Memory usage percentage
             */
            memory_percent: number;
            /**
             * Format: int64
             * @description Total memory in bytes
             */
            memory_total: number;
            /**
             * Format: int64
             * @description Used memory in bytes
             */
            memory_used: number;
        };
        /** @description Node selection constraints for service placement */
        NodeSelector: {
            /** @description Required labels that nodes must have (all must match) */
            labels?: {
                [key: string]: string;
            };
            /** @description Preferred labels (soft constraint, nodes with these are preferred) */
            prefer_labels?: {
                [key: string]: string;
            };
        };
        /** @description Node summary for list operations */
        NodeSummary: {
            /** @description Node network address */
            address: string;
            /**
             * Format: int64
             * @description Node identifier
             */
            id: number;
            /** @description Node labels for scheduling */
            labels: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Last seen timestamp (Unix timestamp)
             */
            last_seen: number;
            /** @description Node role (e.g., "leader", "worker") */
            role: string;
            /** @description Current node status (e.g., "ready", "notready", "disconnected") */
            status: string;
        };
        /**
         * @description Operating system a service needs to run on.
         *
         *     Mirrors the OS half of an OCI platform descriptor. Canonical wire strings
         *     match Go's `GOOS` values (e.g. `"linux"`, `"windows"`, `"darwin"`).
         * @enum {string}
         */
        OsKind: "linux" | "windows" | "macos";
        /**
         * @description A single host-to-container port publish rule (Docker's `-p`).
         *
         *     When `host_port` is `None` (or explicitly `Some(0)`), the container runtime
         *     assigns an ephemeral host port. `host_ip` defaults to `"0.0.0.0"` to bind
         *     on all interfaces.
         */
        PortMapping: {
            /**
             * Format: int32
             * @description Container-side port.
             */
            container_port: number;
            /** @description Host interface to bind on. Defaults to `"0.0.0.0"` (all interfaces). */
            host_ip?: string;
            /**
             * Format: int32
             * @description Host port. `None` (or zero) means "assign an ephemeral port".
             */
            host_port?: number | null;
            /** @description Transport protocol (defaults to TCP). */
            protocol?: components["schemas"]["PortProtocol"];
        };
        /**
         * @description Transport protocol for a published container port.
         * @enum {string}
         */
        PortProtocol: "tcp" | "udp";
        /** @description Serializable wrapper for `zlayer_agent::runtime::PruneResult`. */
        PruneResultDto: {
            /** @description Image references or digests that were removed. */
            deleted: string[];
            /**
             * Format: int64
             * @description Bytes reclaimed from the cache.
             */
            space_reclaimed: number;
        };
        /** @description Request body for the pull-image handler. Blocking pull of an OCI image. */
        PullImageRequest: {
            /**
             * @description Pull policy override. Accepts `"always"`, `"if_not_present"`, or
             *     `"never"`. Defaults to `"always"` when omitted.
             */
            pull_policy?: string | null;
            /** @description OCI image reference to pull, e.g. `docker.io/library/nginx:latest`. */
            reference: string;
            registry_auth?: null | components["schemas"]["RegistryAuth"];
            /**
             * @description Id of a persisted registry credential (from
             *     `POST /api/v1/credentials/registry`) to use for this pull. Ignored
             *     when [`Self::registry_auth`] is also supplied (inline auth wins).
             *     Requires the daemon to be configured with a credential store.
             */
            registry_credential_id?: string | null;
        };
        /**
         * @description Response body for the pull-image handler. Reports the pulled reference
         *     and, when the backend exposes it via `list_images`, the resolved digest
         *     and on-disk size.
         */
        PullImageResponse: {
            /** @description Content-addressed digest (`sha256:...`) if the runtime reports one. */
            digest?: string | null;
            /** @description Canonical reference that was pulled. */
            reference: string;
            /**
             * Format: int64
             * @description On-disk size in bytes if the runtime reports one.
             */
            size_bytes?: number | null;
        };
        /**
         * @description Inline Docker/OCI registry credentials attached to a single pull request.
         *
         *     Prefer persistent credentials via `/api/v1/credentials/registry` for
         *     long-lived services. Use this inline form for one-off pulls (e.g. CI
         *     runners fetching a private image for a single job) where persisting a
         *     credential is undesirable.
         */
        RegistryAuth: {
            /** @description Which authentication scheme to use against the registry. */
            auth_type?: components["schemas"]["RegistryAuthType"];
            /**
             * @description Password or bearer token. **Never** logged or returned on any
             *     response — consumed once and dropped.
             */
            password: string;
            /**
             * @description Username for the registry (for basic auth) or a placeholder
             *     identifier when `auth_type == Token`.
             */
            username: string;
        };
        /**
         * @description Authentication scheme for a [`RegistryAuth`].
         * @enum {string}
         */
        RegistryAuthType: "basic" | "token";
        /**
         * @description Request body for restarting a container. Matches the Docker-compat
         *     `POST /containers/{id}/restart` shape.
         */
        RestartContainerRequest: {
            /**
             * Format: int64
             * @description Graceful shutdown timeout in seconds before the runtime force-kills
             *     the container. Defaults to 30 seconds when omitted.
             */
            timeout?: number | null;
        };
        /**
         * @description Response for the batch reveal endpoint — returns every secret in an env as plaintext.
         *     Admin-only for now (Phase 3 will gate this on per-env Read permission instead).
         */
        RevealAllSecretsResponse: {
            /** @description The environment id the secrets were revealed from. */
            environment: string;
            /** @description Name → plaintext value map. Includes every secret in the scope. */
            secrets: {
                [key: string]: string;
            };
        };
        /** @description Request body for secret rotation. */
        RotateSecretRequest: {
            node_affinity?: null | components["schemas"]["NodeAffinity"];
            /** @description The new secret value (will be encrypted at rest). */
            value: string;
        };
        /** @description Response returned by the rotate endpoint. */
        RotateSecretResponse: {
            /** @description The secret name. */
            name: string;
            /**
             * Format: int32
             * @description Version after rotation.
             */
            new_version: number;
            /**
             * Format: int32
             * @description Version prior to rotation. `None` if the secret did not exist (won't
             *     happen today — rotate rejects missing secrets — but preserved for
             *     forward compatibility).
             */
            previous_version?: number | null;
        };
        /** @description Scale request */
        ScaleRequest: {
            /**
             * Format: int32
             * @description Target replica count
             */
            replicas: number;
        };
        /**
         * @description Response containing secret metadata. Never includes the value unless
         *     the caller is on the explicit `?reveal=true` admin path, in which case
         *     `value` is populated.
         */
        SecretMetadataResponse: {
            /**
             * Format: int64
             * @description Unix timestamp when the secret was created.
             */
            created_at: number;
            /** @description The name/identifier of the secret. */
            name: string;
            /**
             * Format: int64
             * @description Unix timestamp when the secret was last updated.
             */
            updated_at: number;
            /** @description Plaintext value — populated only on `?reveal=true` admin reads. */
            value?: string | null;
            /**
             * Format: int32
             * @description Version number of the secret (incremented on each update).
             */
            version: number;
        };
        /** @description Service details */
        ServiceDetails: {
            /** @description Deployment name */
            deployment: string;
            /**
             * Format: int32
             * @description Desired replica count
             */
            desired_replicas: number;
            /** @description Service endpoints */
            endpoints: components["schemas"]["ServiceEndpoint"][];
            /** @description Service metrics */
            metrics: components["schemas"]["ServiceMetrics"];
            /** @description Service name */
            name: string;
            /**
             * Format: int32
             * @description Current replica count
             */
            replicas: number;
            /** @description Service status */
            status: string;
        };
        /** @description Service endpoint */
        ServiceEndpoint: {
            /** @description Endpoint name */
            name: string;
            /**
             * Format: int32
             * @description Port
             */
            port: number;
            /** @description Protocol */
            protocol: string;
            /** @description URL (if public) */
            url?: string | null;
        };
        /** @description Per-service health info included in deployment details */
        ServiceHealthInfo: {
            /** @description Endpoint URLs for this service */
            endpoints: string[];
            /** @description Health status ("healthy", "unhealthy", "unknown") */
            health: string;
            /** @description Service name */
            name: string;
            /**
             * Format: int32
             * @description Desired replica count
             */
            replicas_desired: number;
            /**
             * Format: int32
             * @description Running replica count
             */
            replicas_running: number;
        };
        /** @description Service metrics */
        ServiceMetrics: {
            /**
             * Format: double
             * @description CPU usage percentage
             */
            cpu_percent: number;
            /**
             * Format: double
             * @description Memory usage percentage
             */
            memory_percent: number;
            /**
             * Format: double
             * @description Requests per second
             */
            rps?: number | null;
        };
        /** @description Service summary */
        ServiceSummary: {
            /** @description Deployment name */
            deployment: string;
            /**
             * Format: int32
             * @description Desired replica count
             */
            desired_replicas: number;
            /** @description Service endpoints */
            endpoints: components["schemas"]["ServiceEndpoint"][];
            /** @description Service name */
            name: string;
            /**
             * Format: int32
             * @description Current replica count
             */
            replicas: number;
            /** @description Service status */
            status: string;
        };
        /**
         * @description Request body for stopping a container. Matches the Docker-compat
         *     `POST /containers/{id}/stop` shape.
         */
        StopContainerRequest: {
            /**
             * Format: int64
             * @description Graceful shutdown timeout in seconds before the runtime force-kills
             *     the container. Defaults to 30 seconds when omitted.
             */
            timeout?: number | null;
        };
        /** @description A stored deployment with metadata. */
        StoredDeployment: {
            /**
             * @description When the deployment was created
             * @example 2025-01-27T12:00:00Z
             */
            created_at: string;
            /** @description Deployment name (unique identifier) */
            name: string;
            /** @description The deployment specification (complex nested structure, see spec docs) */
            spec: Record<string, never>;
            /** @description Current deployment status */
            status: components["schemas"]["DeploymentStatus"];
            /**
             * @description When the deployment was last updated
             * @example 2025-01-27T12:00:00Z
             */
            updated_at: string;
        };
        /**
         * @description Request body for the tag-image handler. Matches Docker-compat
         *     `docker tag` semantics: create a new reference (`target`) pointing at an
         *     already-cached image (`source`).
         */
        TagImageRequest: {
            /** @description Existing image reference to tag (e.g. `myapp:latest`). */
            source: string;
            /** @description New reference to create (e.g. `registry.example.com/myapp:v1`). */
            target: string;
        };
        /**
         * @description Platform a service targets. `None` on `ServiceSpec.platform` means
         *     "any agent is acceptable" (preserves backward compatibility).
         */
        TargetPlatform: {
            arch: components["schemas"]["ArchKind"];
            os: components["schemas"]["OsKind"];
            /**
             * @description Optional OS version constraint — primarily for Windows multi-platform
             *     images, where `platform.os.version` in the OCI index distinguishes build
             *     families (e.g. `10.0.26100.*` for Server 2025 / Win11 24H2,
             *     `10.0.20348.*` for Server 2022). When set on a Windows target the
             *     registry platform resolver prefers manifest entries whose `os.version`
             *     matches this value exactly or shares a `major.minor.build` prefix.
             *     Unused on Linux/macOS platforms.
             */
            osVersion?: string | null;
        };
        /** @description Per-process resource limit (Docker `--ulimit` style). */
        UlimitSpec: {
            /**
             * Format: int64
             * @description Hard limit.
             */
            hard?: number;
            /**
             * Format: int64
             * @description Soft limit.
             */
            soft?: number;
        };
        /** @description Request to update node labels */
        UpdateLabelsRequest: {
            /** @description Labels to add or update */
            labels: {
                [key: string]: string;
            };
            /** @description Label keys to remove */
            remove: string[];
        };
        /** @description Response after updating labels */
        UpdateLabelsResponse: {
            /** @description Current labels after the update */
            labels: {
                [key: string]: string;
            };
        };
        /** @description A volume lifecycle event. */
        VolumeEvent: {
            /**
             * Format: date-time
             * @description Wall-clock time.
             */
            at: string;
            /** @description Container id, populated for `Mount`/`Unmount`. */
            container_id?: string | null;
            /** @description Volume driver (e.g. `local`). */
            driver?: string;
            kind: components["schemas"]["VolumeEventKind"];
            /** @description Volume name. */
            name: string;
        };
        /**
         * @description Kind of volume lifecycle event.
         * @enum {string}
         */
        VolumeEventKind: "create" | "delete" | "mount" | "unmount";
        /**
         * @description Volume mount specification.
         *
         *     The `type` field (a Docker-compatible discriminator) selects how `source`
         *     is interpreted:
         *     - `"bind"` (default): `source` is an absolute host path.
         *     - `"volume"`: `source` is a named-volume identifier.
         *     - `"tmpfs"`: no `source`; a memory-backed mount is provisioned.
         */
        VolumeMount: {
            /** @description Mount as read-only */
            readonly?: boolean;
            /** @description Host path (bind), volume name (volume), or unused (tmpfs). */
            source?: string | null;
            /** @description Container mount path */
            target: string;
            type?: null | components["schemas"]["VolumeMountType"];
        };
        /**
         * @description Volume mount kind discriminator.
         *
         *     Selects which [`zlayer_spec::StorageSpec`] variant [`VolumeMount`] is
         *     translated into by [`build_service_spec`]. When omitted on the wire,
         *     defaults to [`VolumeMountType::Bind`] (legacy behavior).
         * @enum {string}
         */
        VolumeMountType: "bind" | "volume" | "tmpfs";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    cluster_list_nodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of cluster nodes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterNodeSummary"][];
                };
            };
        };
    };
    cluster_set_node_labels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Raft node id */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UpdateLabelsRequest"];
            };
        };
        responses: {
            /** @description Labels updated */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UpdateLabelsResponse"];
                };
            };
            /** @description Raft coordinator not available */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_containers: {
        parameters: {
            query?: {
                /** @description Filter by label (key=value format) */
                label?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of containers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerInfo"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    create_container: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateContainerRequest"];
            };
        };
        responses: {
            /** @description Container created and started */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerInfo"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No node satisfies the placement constraints */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container details */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerInfo"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container stopped and removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    archive_get: {
        parameters: {
            query: {
                /** @description Container-side path to archive */
                path: string;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description TAR archive (application/x-tar) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Missing path query parameter */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container or path not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support archive download */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    archive_put: {
        parameters: {
            query: {
                /** @description Container-side path to extract into */
                path: string;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        /** @description Uncompressed TAR archive to extract into the container */
        requestBody: {
            content: {
                "application/x-tar": number[];
            };
        };
        responses: {
            /** @description Archive extracted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Missing path or invalid archive */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container or destination not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support archive upload */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    archive_head: {
        parameters: {
            query: {
                /** @description Container-side path to stat */
                path: string;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Path stat header set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Missing path query parameter */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container or path not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support archive head */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changes_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Filesystem changes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerChangeEntry"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support filesystem diffs */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    exec_in_container: {
        parameters: {
            query?: {
                /** @description Stream exec events as SSE instead of returning a buffered JSON body. */
                stream?: boolean;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContainerExecRequest"];
            };
        };
        responses: {
            /** @description Command executed (JSON body when stream=false, SSE stream when stream=true) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerExecResponse"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    kill_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KillContainerRequest"];
            };
        };
        responses: {
            /** @description Signal delivered */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid signal */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support kill */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_container_logs: {
        parameters: {
            query?: {
                /** @description Follow logs after the current end-of-buffer marker. */
                follow?: boolean;
                /**
                 * @description Wire format for the streamed body. `"json"` (the default) emits one
                 *     NDJSON `LogChunk` per line; `"raw"` emits Docker's multiplexed stdcopy
                 *     frames (`application/vnd.docker.raw-stream`).
                 */
                format?: null | components["schemas"]["ContainerLogFormat"];
                /**
                 * @description Earliest log timestamp to include (Unix seconds). `None` means no
                 *     lower bound.
                 */
                since?: number | null;
                /**
                 * @description Include stderr chunks. See [`ContainerLogQuery::stdout`] for the
                 *     "neither set" default behavior.
                 */
                stderr?: boolean | null;
                /**
                 * @description Include stdout chunks. When neither `stdout` nor `stderr` is set, the
                 *     handler defaults both to `true` (Docker parity).
                 */
                stdout?: boolean | null;
                /**
                 * @description Number of tail lines to return. `0` and "all" map to "everything
                 *     available"; otherwise the runtime ships the last `tail` lines before
                 *     the live stream begins.
                 */
                tail?: number;
                /**
                 * @description When `true`, the runtime is asked to populate per-chunk timestamps so
                 *     the wire-format includes them.
                 */
                timestamps?: boolean;
                /**
                 * @description Latest log timestamp to include (Unix seconds). `None` means no upper
                 *     bound.
                 */
                until?: number | null;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container logs (NDJSON when format=json, Docker stdcopy frames when format=raw) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    pause_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container paused */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not in a pausable state */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support pause */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    port_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Port mappings */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerPortResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support port-mapping inspection */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    rename_container: {
        parameters: {
            query?: {
                /** @description New human-readable name to assign to the container. Required. */
                name?: string | null;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container renamed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Missing or empty `name` query parameter */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    restart_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RestartContainerRequest"];
            };
        };
        responses: {
            /** @description Container restarted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    start_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container started */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_container_stats: {
        parameters: {
            query?: {
                /**
                 * @description Sample cadence in seconds (only used when `stream=true`). Clamped to
                 *     `[1, 60]`. Defaults to `2` seconds.
                 */
                interval?: number | null;
                /**
                 * @description Stream periodic samples as SSE events instead of a one-shot JSON
                 *     response.
                 */
                stream?: boolean;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container statistics (NDJSON; one sample when stream=false, continuous when stream=true) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerStatsResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    stop_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StopContainerRequest"];
            };
        };
        responses: {
            /** @description Container stopped */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    top_container: {
        parameters: {
            query?: {
                /**
                 * @description `ps`-style argument string, e.g. `"aux"` or `"-eo pid,user,cmd"`.
                 *     Empty / omitted means "use the runtime's defaults".
                 */
                ps_args?: string | null;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Process listing */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerTopResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support top */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    unpause_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container unpaused */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not in a resumable state */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support unpause */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    update_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContainerUpdateRequest"];
            };
        };
        responses: {
            /** @description Update applied */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerUpdateResponse"];
                };
            };
            /** @description Invalid update field */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support update */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    wait_container: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container exited */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerWaitResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    wait_container_post: {
        parameters: {
            query?: {
                /**
                 * @description One of `"not-running"` (default), `"next-exit"`, or `"removed"`.
                 *     Matches Docker's `/containers/{id}/wait` semantics. Omitted
                 *     values default to `"not-running"`.
                 */
                condition?: string | null;
            };
            header?: never;
            path: {
                /** @description Container identifier */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Container reached the requested condition */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerWaitDockerResponse"];
                };
            };
            /** @description Invalid condition */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Container not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    prune_containers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prune result */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerPruneResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support container prune */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_daemon_capabilities: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Daemon capability survey */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DaemonCapabilitiesResponse"];
                };
            };
        };
    };
    list_deployments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of deployments */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentSummary"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    create_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateDeploymentRequest"];
            };
        };
        responses: {
            /** @description Deployment created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentDetails"];
                };
            };
            /** @description Invalid specification */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_services: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                deployment: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of services */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceSummary"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Deployment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                deployment: string;
                /** @description Service name */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Service details */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceDetails"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Service not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_service_logs: {
        parameters: {
            query?: {
                /** @description Follow logs (streaming) */
                follow?: boolean;
                /** @description Filter by container/instance */
                instance?: string | null;
                /** @description Number of lines to return */
                lines?: number;
            };
            header?: never;
            path: {
                /** @description Deployment name */
                deployment: string;
                /** @description Service name */
                service: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Service logs (plain text or SSE stream) */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Service not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    scale_service: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                deployment: string;
                /** @description Service name */
                service: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScaleRequest"];
            };
        };
        responses: {
            /** @description Service scaled */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceDetails"];
                };
            };
            /** @description Invalid scale request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Service not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deployment details */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentDetails"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Deployment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deployment deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Deployment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_deployment_spec: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Stored deployment with full spec */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StoredDeployment"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Deployment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    stream_events: {
        parameters: {
            query?: {
                /**
                 * @description Follow the event stream. Default: `true`. Reserved for parity with
                 *     Docker-compat tooling; this endpoint is always streaming.
                 */
                follow?: boolean;
                /**
                 * @description Label filter in `k=v` form. Repeatable. An event passes only if all
                 *     filters match (AND semantics).
                 */
                label?: string[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description NDJSON stream of daemon lifecycle events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid label filter */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_images_handler: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of cached images */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageInfoDto"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support image listing */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    remove_image_handler: {
        parameters: {
            query?: {
                /** @description Force removal even if the image is referenced by containers. */
                force?: boolean;
            };
            header?: never;
            path: {
                /** @description Image reference (URL-encoded) */
                image: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Image removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Image not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support image removal */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    pull_image_handler: {
        parameters: {
            query?: {
                /**
                 * @description When `true`, stream NDJSON `PullProgressDto` events instead of a
                 *     single JSON response. Defaults to `false` (snapshot pull).
                 */
                stream?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PullImageRequest"];
            };
        };
        responses: {
            /** @description Image pulled (snapshot) or NDJSON stream of PullProgressDto when stream=true */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PullImageResponse"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Pull failed */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    tag_image_handler: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagImageRequest"];
            };
        };
        responses: {
            /** @description Tag created */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - operator role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Source image not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Internal error */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support tagging */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_nodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of cluster nodes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeSummary"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_node: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Node identifier */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Node details */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NodeDetails"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Node not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    generate_join_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Join token generated */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinTokenResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden - admin role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Service unavailable - cluster not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_secrets: {
        parameters: {
            query?: {
                /** @description Environment id */
                environment?: string;
                /** @description Explicit scope */
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description List of secret metadata */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretMetadataResponse"][];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Environment id unknown */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    create_secret: {
        parameters: {
            query?: {
                /** @description Environment id (mutually exclusive with body 'scope') */
                environment?: string;
                /** @description Explicit scope (legacy) */
                scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSecretRequest"];
            };
        };
        responses: {
            /** @description Secret updated */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretMetadataResponse"];
                };
            };
            /** @description Secret created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretMetadataResponse"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Environment id unknown */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_secret_metadata: {
        parameters: {
            query?: {
                /** @description Environment id */
                environment?: string;
                /** @description Include plaintext value (admin only) */
                reveal?: boolean;
                /** @description Explicit scope */
                scope?: string;
            };
            header?: never;
            path: {
                /** @description Secret name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Secret metadata */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SecretMetadataResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Reveal requires admin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Secret not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_secret: {
        parameters: {
            query?: {
                /** @description Environment id */
                environment?: string;
                /** @description Explicit scope */
                scope?: string;
            };
            header?: never;
            path: {
                /** @description Secret name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Secret deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Secret not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    rotate_secret: {
        parameters: {
            query?: {
                /** @description Environment id */
                environment?: string;
                /** @description Explicit scope (legacy) */
                scope?: string;
            };
            header?: never;
            path: {
                /** @description Secret name */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateSecretRequest"];
            };
        };
        responses: {
            /** @description Secret rotated */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotateSecretResponse"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Secret or environment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    bulk_import_secrets: {
        parameters: {
            query: {
                /** @description Environment id to import into */
                environment: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/plain": string;
            };
        };
        responses: {
            /** @description Import summary */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkImportResponse"];
                };
            };
            /** @description Invalid request */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Admin role required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Environment id unknown */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    reveal_all_secrets: {
        parameters: {
            query: {
                /** @description Environment id (required) */
                environment: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every secret revealed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevealAllSecretsResponse"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Admin required */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Environment not found */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    prune_images_handler: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prune result */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PruneResultDto"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Runtime does not support pruning */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    liveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Service is alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthResponse"];
                };
            };
        };
    };
    readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Service is ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthResponse"];
                };
            };
            /** @description Service not ready */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}
