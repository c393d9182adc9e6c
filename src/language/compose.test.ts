import { beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { Random } from "../../scripts/lib/random.mjs";
import { convertCompose } from "./compose";
import type { SpecValidator } from "./spec-validator";
import { builtValidator } from "./testing";

let validator: SpecValidator;
beforeAll(async () => {
  validator = await builtValidator();
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
  const { spec, lost } = convertCompose(COMPOSE, "folder", "/home/ada/shop");
  expect(lost).toEqual([
    "secrets",
    "services.web: networks: the services of a deployment reach each other by name as it is",
    "services.web.secrets",
    "services.web: the port 8080 of the machine: only one of 2 replicas could hold it, so each gets a free one",
    "services.web: the port 8443 of the machine: only one of 2 replicas could hold it, so each gets a free one",
  ]);
  expect((await validator.check(spec)).problems).toEqual([]);
  const { deployment, services } = parse(spec) as {
    deployment: string;
    services: Record<string, Record<string, unknown>>;
  };
  expect(deployment).toBe("my-shop");
  expect(services["web"]).toEqual({
    image: { name: "nginx:1.27" },
    port_mappings: [{ container_port: 80 }, { host_ip: "127.0.0.1", container_port: 443 }],
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
      { type: "bind", source: "/home/ada/shop/init", target: "/init", readonly: true },
    ],
    scale: { mode: "fixed", replicas: 1 },
  });
});

test("what is no Compose file is refused with the reason", () => {
  expect(() => convertCompose("a: b", "x")).toThrow(/no `services`/);
  expect(() => convertCompose("a: {b", "x")).toThrow(/not valid YAML/);
});

test("what the engine cannot do is left out with a word about it", async () => {
  const { spec, lost } = convertCompose(HABITS, "folder");
  expect((await validator.check(spec)).problems).toEqual([]);
  expect(lost).toEqual(
    expect.arrayContaining([
      "services.app: the mount of ./src at /src: write the whole path of its source",
      "services.app: the port 80 of the machine, which is taken already; it gets a free one",
      "services.app: it names no image; build one, and write its name in place of app:latest",
      "services.app: it waited for proxy, which waits for it too",
      "services.agent: ports: with network_mode host none can be published",
      "the variable TAG: it has no default, and was read as empty",
    ]),
  );
  const { services } = parse(spec) as { services: Record<string, Record<string, unknown>> };
  expect(services["proxy"]).toMatchObject({ image: { name: "traefik:3" }, env: { HOST: "$E:HOST", PRICE: "5$" } });
});

test("every Compose file becomes a spec that the engine takes", async () => {
  const random = new Random(7);
  for (let round = 0; round < 300; round += 1) {
    const text = stringify({ services: randomServices(random) });
    const { spec } = convertCompose(
      text,
      random.pick(["", "x", "My Folder", "Ünï"]),
      random.pick([undefined, "/srv/a b"]),
    );
    const { problems } = await validator.check(spec);
    expect(problems, `${text}\n${spec}`).toEqual([]);
  }
}, 60_000);

const HABITS = `services:
  proxy:
    image: traefik:\${VERSION:-3}
    ports: ["80:80"]
    depends_on: [app]
    environment: { HOST: "\${HOST}", PRICE: "5$$" }
  app:
    build: .
    ports: ["80:8080", "9000-9010:9000-9010"]
    volumes: ["./src:/src", "~/.ssh:/ssh:ro"]
    depends_on: [proxy]
    command: serve \${TAG}
  agent:
    image: agent
    network_mode: host
    ports: ["1:1"]
`;

/** By the name of a field of Compose: values as they are found, right and wrong. */
const VALUES: Record<string, unknown[]> = {
  image: ["nginx", "nginx:1", "ghcr.io/a/b:1", "$REGISTRY/a:$TAG", `a:\${TAG:-2}`, "", "UPPER", 1],
  build: [".", { context: "." }],
  ports: [
    ["80:80"],
    ["127.0.0.1:80:80/udp", "80"],
    ["70000:1"],
    ["1-2:1-2"],
    [{ target: 80, published: "8000-8010" }],
    [{ target: 80, published: 80 }],
  ],
  volumes: [
    ["./a:/a"],
    ["~/x:/x"],
    ["data:/d", "/a/b"],
    ["data:rel"],
    ["..:/up/../x"],
    [{ type: "bind", source: "a", target: "/a" }],
    [{ type: "npipe" }],
  ],
  tmpfs: ["/run:size=64m", ["/tmp"], "tmp"],
  environment: [{ A: 1, B: null }, ["A=1", "B", "=x", "C=$D"], { "": "x" }],
  labels: [{ a: "b" }, ["a=b"]],
  restart: ["always", "unless-stopped", "on-failure:3", "no", false, "soon"],
  depends_on: [["a"], ["b", "c"], ["gone"], { c: { condition: "service_healthy" } }],
  command: ["npm start", ["a"], null, "a && b"],
  dns: ["1.1.1.1", ["dns.example"]],
  extra_hosts: [["a:1.2.3.4", "b=::1"], { c: "host-gateway" }, ["nonsense"]],
  stop_grace_period: ["1m30s", "1.5s", 10, "soon"],
  mem_limit: ["512m", "1.5g", 1024, "$MEMORY"],
  cpus: [0.5, "2", 0, "x"],
  pids_limit: [100, -1, "many"],
  network_mode: ["host", "none", "bridge", "service:a"],
  scale: [0, 2, 5000, -1],
  ulimits: [{ nofile: 1024 }, { nofile: { soft: 1, hard: 2 } }, { core: "x" }],
  deploy: [
    { replicas: 3, resources: { limits: { cpus: "0.5", memory: "50M" } } },
    { resources: { limits: { cpus: "x", memory: "y" } } },
  ],
  healthcheck: [
    { test: ["CMD", "true"], interval: "1m30s", retries: 3 },
    { test: "true", timeout: "1.5s" },
    { disable: true },
  ],
};

function randomServices(random: Random): Record<string, unknown> {
  const service = () =>
    Object.fromEntries(
      Object.entries(VALUES)
        .filter(() => random.chance(0.4))
        .map(([name, values]) => [name, random.pick(values)]),
    );
  return Object.fromEntries(["a", "b", "c"].map((name) => [name, random.chance(0.05) ? null : service()]));
}
