// Generated from runtime-sidecar/openapi-sidecar.json by `npm run generate`. Do not edit src/protocol/sidecar.generated.ts.
export interface paths {
    "/sidecar/v1/containers/{id}/tty": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A terminal inside a container, as a WebSocket: binary frames carry bytes, text frames carry `TtyControl`. */
        get: operations["sidecar_container_tty"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/deployments/{name}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the last deploy of a deployment back: its spec, variables, images and counts of replicas are those of before. */
        post: operations["sidecar_undo_deploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who answers on this socket: version, features, and what this machine does not allow. */
        get: operations["sidecar_info"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Measurements of the last hour, one entry a container. */
        get: operations["sidecar_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/metrics/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Measurements as they are taken, as NDJSON: one line a container and second. */
        get: operations["sidecar_metrics_stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/shutdown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the sidecar. Containers go on running. */
        post: operations["sidecar_shutdown"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sidecar/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of every deployment, as NDJSON: all deployments, then `synced`; with `follow`, each change from then on. */
        get: operations["sidecar_status"];
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
         * @description One line of `GET /sidecar/v1/metrics/stream` (NDJSON, one line a container and second) and one element of
         *     `GET /sidecar/v1/metrics?deployment=&service=&since_ms=&step_ms=` (history, at most one hour back).
         */
        ContainerMetrics: {
            /**
             * Format: int64
             * @description CPU limit in millicores; absent when there is none.
             */
            cpu_limit_millicores?: number | null;
            deployment: string;
            id: string;
            /**
             * Format: int64
             * @description Memory limit in bytes; absent when there is none.
             */
            memory_limit_bytes?: number | null;
            /** Format: int32 */
            replica: number;
            /** @description In the order of time. Exactly one in the stream. */
            samples: components["schemas"]["MetricsSample"][];
            service: string;
        };
        DeploymentState: {
            /** @description RFC 3339. */
            created_at: string;
            /**
             * Format: int64
             * @description Counts up with each accepted change of the spec or of the scale.
             */
            generation: number;
            name: string;
            phase: components["schemas"]["Phase"];
            reason?: null | components["schemas"]["Reason"];
            services: components["schemas"]["ServiceState"][];
        };
        /** @description Body of every error answer of the sidecar, whatever the path. */
        ErrorBody: {
            /** @description Stable, kebab-case: `not-found`, `invalid-spec`, `not-served`, `port-in-use`, … */
            code: string;
            /** @description What failed and why, for the user. */
            error: string;
            /** @description All problems of a refused spec, in the order of the text. Empty for other errors. */
            problems?: components["schemas"]["SpecProblem"][];
            /** @description What to do next, where we know it. */
            remedy?: string | null;
        };
        /** @enum {string} */
        Feature: "tty" | "metrics" | "status" | "shutdown" | "undo";
        /** @enum {string} */
        Health: "none" | "pending" | "healthy" | "unhealthy";
        /** @description Something that the machine does not allow, in the user's words. */
        Limitation: {
            /** @description Stable, kebab-case: `no-cgroup-delegation`, `no-subordinate-ids`, … */
            code: string;
            /** @description What does not work: "Memory and CPU limits are not enforced." */
            message: string;
            /** @description What to do about it: "Run `sudo loginctl enable-linger alice` and log in again." */
            remedy: string;
        };
        /** @description One measurement of one container. Counters only grow while a container exists, restarts included. */
        MetricsSample: {
            /**
             * Format: int64
             * @description CPU time used, in nanoseconds.
             */
            cpu_ns: number;
            /**
             * Format: int64
             * @description Working set in bytes: usage without inactive page cache.
             */
            memory_bytes: number;
            /**
             * Format: int32
             * @description Processes and threads now.
             */
            pids: number;
            /**
             * Format: int64
             * @description Bytes read from and written to block devices.
             */
            read_bytes: number;
            /**
             * Format: int64
             * @description Bytes received and sent by the container's own network namespace, loopback excluded.
             */
            rx_bytes: number;
            /**
             * Format: int64
             * @description Milliseconds since the Unix epoch.
             */
            time_ms: number;
            /** Format: int64 */
            tx_bytes: number;
            /** Format: int64 */
            write_bytes: number;
        };
        /**
         * @description Where a deployment, a service or a replica stands.
         *
         *     Replica: `waiting` (for a dependency or an image) → `starting` → `running` → `stopping` → `stopped`, with `backoff`
         *     between an unwanted end and the next start, and `failed` when nothing further will be tried.
         *     Service and deployment: the least advanced phase of their parts; `running` only when all that is wanted runs and is healthy.
         * @enum {string}
         */
        Phase: "waiting" | "starting" | "running" | "unhealthy" | "backoff" | "stopping" | "stopped" | "failed";
        /** @enum {string} */
        ProblemSeverity: "error" | "warning";
        /** @description How far a wait has come. */
        Progress: {
            /** Format: int64 */
            done: number;
            /**
             * Format: int64
             * @description Absent while it is not known yet.
             */
            total?: number | null;
            unit: components["schemas"]["ProgressUnit"];
        };
        /** @enum {string} */
        ProgressUnit: "bytes" | "steps";
        /** @description Why something waits or failed, in words ("pulling 43 of 120 MB") and as data. */
        Reason: {
            /** @description Stable, kebab-case: `pulling`, `image-not-found`, `port-in-use`, `waiting-for-dependency`, `crash-loop`, … */
            code: string;
            message: string;
            /** @description Field of the spec that this is about: `services.web.image.name`. */
            path?: string | null;
            progress?: null | components["schemas"]["Progress"];
        };
        ReplicaState: {
            /**
             * Format: int32
             * @description Set once the process has ended: its exit status, or 128 + the signal that ended it.
             */
            exit_code?: number | null;
            health: components["schemas"]["Health"];
            /** @description Container id. Stays the same while this container exists; a restart keeps it. */
            id: string;
            /** Format: int32 */
            index: number;
            ipv4?: string | null;
            phase: components["schemas"]["Phase"];
            /** Format: int32 */
            pid?: number | null;
            reason?: null | components["schemas"]["Reason"];
            /** Format: int32 */
            restarts: number;
            /** @description RFC 3339; start of the process that runs now. */
            started_at?: string | null;
        };
        ServiceState: {
            /** @description `http://127.0.0.1:8080` and the like: addresses that the user can open on this machine. */
            addresses: string[];
            /** Format: int32 */
            desired: number;
            /**
             * Format: int32
             * @description Replicas that run and whose check passed; equals `running` for a service without a check.
             */
            healthy: number;
            image: string;
            name: string;
            phase: components["schemas"]["Phase"];
            reason?: null | components["schemas"]["Reason"];
            /** @description Replicas in the order of their number, including those that start, wait or have failed. */
            replicas: components["schemas"]["ReplicaState"][];
            /** Format: int32 */
            running: number;
        };
        /** @description `GET /sidecar/v1/info`: who answers on this socket. */
        SidecarInfo: {
            data_dir: string;
            /** @description What this sidecar can do beyond ZLayer's API. */
            features: components["schemas"]["Feature"][];
            /** @description What this machine does not allow, each with its remedy. Shown to the user once. */
            limitations: components["schemas"]["Limitation"][];
            /** Format: int32 */
            pid: number;
            rootless: boolean;
            /** @description RFC 3339. */
            started_at: string;
            /** @description Version of the sidecar, as `zlayer-sidecar --version` prints it. */
            version: string;
        };
        /**
         * @description One problem of a spec, at a place in its text. Lines and columns are 1-based; columns count characters.
         *     This is also what `zlayer-sidecar validate --json` prints, one object a line, with `file` set.
         */
        SpecProblem: {
            /** @description Stable, kebab-case. */
            code: string;
            /** Format: int32 */
            column: number;
            /** Format: int32 */
            endColumn: number;
            /** Format: int32 */
            endLine: number;
            file?: string | null;
            /** Format: int32 */
            line: number;
            message: string;
            /** @description `services.web.image.name`; empty when the text as a whole is meant. */
            path: string;
            severity: components["schemas"]["ProblemSeverity"];
        };
        /**
         * @description One line of `GET /sidecar/v1/status` (NDJSON). The first lines describe every deployment, then comes `synced`;
         *     with `?follow=true` a line follows for each change. A deployment is always sent whole.
         */
        StatusLine: {
            deployment: components["schemas"]["DeploymentState"];
            /** @enum {string} */
            type: "deployment";
        } | {
            name: string;
            /** @enum {string} */
            type: "removed";
        } | {
            /** @enum {string} */
            type: "images";
        } | {
            /** @enum {string} */
            type: "synced";
        };
        /**
         * @description Text frames of the WebSocket `GET /sidecar/v1/containers/{id}/tty?cols=&rows=&command=&command=…`.
         *     Binary frames carry the terminal's bytes in both directions. Without `command` the sidecar picks the best shell of
         *     the container (`bash`, then `sh`).
         */
        TtyControl: {
            /** Format: int32 */
            cols: number;
            /** Format: int32 */
            rows: number;
            /** @enum {string} */
            type: "resize";
        } | {
            /** Format: int32 */
            code: number;
            /** @enum {string} */
            type: "exit";
        } | {
            error: components["schemas"]["ErrorBody"];
            /** @enum {string} */
            type: "error";
        };
        /** @description Body of `POST /sidecar/v1/deployments/{name}/undo`. */
        UndoRequest: {
            /** @description What was deployed, as it was sent. */
            spec: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    sidecar_container_tty: {
        parameters: {
            query?: {
                /** @description Width in character cells; 80 when absent. */
                cols?: number;
                /** @description Command and arguments, one parameter each; absent: the best shell of the container. */
                command?: string[];
                /** @description Height in character cells; 24 when absent. */
                rows?: number;
                /** @description User inside the container; absent: the container's own. */
                user?: string;
            };
            header?: never;
            path: {
                /** @description Container id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Switching to the WebSocket protocol; its text frames: */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TtyControl"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description The container does not run. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sidecar_undo_deploy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Deployment. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UndoRequest"];
            };
        };
        responses: {
            /** @description What was wanted before is wanted again. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
            /** @description Another deploy came meanwhile, or there was none before. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    sidecar_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SidecarInfo"];
                };
            };
        };
    };
    sidecar_metrics: {
        parameters: {
            query?: {
                /** @description Only this deployment. */
                deployment?: string;
                /** @description Only this service. */
                service?: string;
                /** @description Only samples after this time, in milliseconds since the Unix epoch. */
                since_ms?: number;
                /** @description At most one sample for each interval of this many milliseconds. */
                step_ms?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContainerMetrics"][];
                };
            };
        };
    };
    sidecar_metrics_stream: {
        parameters: {
            query?: {
                /** @description Only this deployment. */
                deployment?: string;
                /** @description Only this service. */
                service?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["ContainerMetrics"];
                };
            };
        };
    };
    sidecar_shutdown: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sidecar ends once this answer is sent. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    sidecar_status: {
        parameters: {
            query?: {
                /** @description Go on with each change until the client leaves. */
                follow?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["StatusLine"];
                };
            };
        };
    };
}
