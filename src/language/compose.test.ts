import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { convertCompose } from "./compose";
import { SpecValidator } from "./spec-validator";

let validator: SpecValidator;
beforeAll(async () => {
  const wasm = join(mkdtempSync(join(tmpdir(), "zlayer-compose-")), "spec.wasm");
  await promisify(execFile)(process.execPath, ["scripts/build-wasm.mjs", wasm]);
  validator = new SpecValidator(wasm);
}, 900_000);

const COMPOSE = `name: My Shop
services:
  web:
    image: nginx:1.27
    ports: ["8080:80", "127.0.0.1:8443:443"]
    depends_on:
      db: { condition: service_healthy }
    environment: [MODE=fast, HOME]
    restart: on-failure:3
    deploy: { replicas: 2, resources: { limits: { cpus: "0.5", memory: 512M } } }
    networks: [front]
    secrets: [key]
  db:
    image: postgres:17
    environment: { POSTGRES_PASSWORD: x, EMPTY: }
    volumes: ["data:/var/lib/postgresql", "./init:/init:ro"]
    healthcheck: { test: [CMD, pg_isready], interval: 5s, retries: 5 }
    entrypoint: /start
    working_dir: /srv
volumes: { data: {} }
networks: { front: {} }
secrets: { key: { file: key.txt } }
`;

test("a Compose file becomes a valid spec, and what is lost is listed", async () => {
  const { spec, lost } = convertCompose(COMPOSE, "folder");
  expect(lost).toEqual([
    "secrets",
    "services.web: networks: the services of a deployment reach each other by name as it is",
    "services.web.secrets",
  ]);
  // What Compose can do and the engine cannot is left for the user to mend.
  expect((await validator.check(spec)).problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
    "port-in-use services.web.port_mappings[0].host_port",
    "port-in-use services.web.port_mappings[1].host_port",
    "invalid-path services.db.storage[1].source",
  ]);
  const { deployment, services } = parse(spec) as {
    deployment: string;
    services: Record<string, Record<string, unknown>>;
  };
  expect(deployment).toBe("my-shop");
  expect(services["web"]).toEqual({
    image: { name: "nginx:1.27" },
    port_mappings: [
      { host_port: 8080, container_port: 80 },
      { host_ip: "127.0.0.1", host_port: 8443, container_port: 443 },
    ],
    depends: [{ service: "db", condition: "healthy" }],
    env: { MODE: "fast", HOME: "$E:HOME" },
    restart_policy: { kind: "on_failure", max_attempts: 3 },
    scale: { mode: "fixed", replicas: 2 },
    resources: { cpu: 0.5, memory: "512Mi" },
  });
  expect(services["db"]).toMatchObject({
    command: { entrypoint: ["/start"], workdir: "/srv" },
    health: { interval: "5s", retries: 5, check: { type: "command", command: "pg_isready" } },
    storage: [
      { type: "named", name: "data", target: "/var/lib/postgresql" },
      { type: "bind", source: "./init", target: "/init", readonly: true },
    ],
    scale: { mode: "fixed", replicas: 1 },
  });
});

test("what is no Compose file is refused with the reason", () => {
  expect(() => convertCompose("a: b", "x")).toThrow(/no `services`/);
  expect(() => convertCompose("a: {b", "x")).toThrow(/not valid YAML/);
});
