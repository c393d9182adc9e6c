// How a field of a Compose service is written in a spec. Each function takes the value as YAML reads it, and returns undefined
// where there is no mechanical way.

/** What a Compose field becomes: fields of a ZLayer service, and what was lost on the way. */
export interface Converted {
  fields: Record<string, unknown>;
  lost: string[];
}

type Convert = (value: unknown) => Converted | undefined;

const as = (fields: Record<string, unknown>, lost: string[] = []): Converted => ({ fields, lost });

/** By the name of the Compose field. */
export const COMPOSE_FIELDS: Record<string, Convert> = {
  image: (value) => (typeof value === "string" ? as({ image: { name: value } }) : undefined),
  ports: (value) => list(value, port, "port_mappings"),
  volumes: (value) => list(value, mount, "storage"),
  tmpfs: (value) =>
    list(
      Array.isArray(value) ? value : [value],
      (target) => ({ type: "tmpfs", target: String(target).split(":")[0] }),
      "storage",
    ),
  environment: (value) => pairs(value, "env"),
  labels: (value) => pairs(value, "labels"),
  sysctls: (value) => pairs(value, "sysctls"),
  restart: (value) => {
    const [kind = "", attempts] = String(value).split(":");
    const known = ["no", "always", "unless-stopped", "on-failure", "false"].includes(kind);
    const max = Number(attempts);
    const policy = { kind: kind === "false" ? "no" : kind.replace("-", "_"), ...(max > 0 && { max_attempts: max }) };
    return known ? as({ restart_policy: policy }) : undefined;
  },
  depends_on: (value) => {
    if (Array.isArray(value)) {
      return as({ depends: value.map((service) => ({ service: String(service), condition: "started" })) });
    }
    if (!isRecord(value)) {
      return undefined;
    }
    const conditions: Record<string, string> = { service_started: "started", service_healthy: "healthy" };
    const lost = Object.entries(value).flatMap(([service, how]) =>
      isRecord(how) && how["condition"] === "service_completed_successfully"
        ? [`${service} was waited for until it ended; write it as rtype: job and check the order`]
        : [],
    );
    const depends = Object.entries(value).map(([service, how]) => ({
      service,
      condition: conditions[isRecord(how) ? String(how["condition"]) : ""] ?? "started",
    }));
    return as({ depends }, lost);
  },
  command: (value) => words(value, "args"),
  entrypoint: (value) => words(value, "entrypoint"),
  working_dir: (value) => as({ command: { workdir: String(value) } }),
  user: (value) => as({ user: String(value) }),
  hostname: (value) => as({ hostname: String(value) }),
  privileged: (value) => as({ privileged: value === true }),
  read_only: (value) => as({ read_only_root_fs: value === true }),
  tty: (value) => as({ tty: value === true }),
  stdin_open: (value) => as({ stdin_open: value === true }),
  init: (value) => as({ init_container: value === true }),
  cap_add: (value) => texts(value, "capabilities"),
  cap_drop: (value) => texts(value, "cap_drop"),
  dns: (value) => texts(value, "dns"),
  extra_hosts: (value) =>
    isRecord(value)
      ? as({ extra_hosts: Object.entries(value).map(([name, address]) => `${name}:${address}`) })
      : texts(Array.isArray(value) ? value.map((line) => String(line).replace("=", ":")) : value, "extra_hosts"),
  security_opt: (value) => texts(value, "security_opt"),
  expose: (value) => texts(value, "expose"),
  stop_signal: (value) => as({ stop_signal: String(value) }),
  stop_grace_period: (value) => as({ stop_grace_period: String(value) }),
  mem_limit: (value) => amount(value, "memory"),
  mem_reservation: (value) => amount(value, "memory_reservation"),
  memswap_limit: (value) => amount(value, "memory_swap"),
  cpus: (value) => (Number(value) > 0 ? as({ resources: { cpu: Number(value) } }) : undefined),
  pids_limit: (value) => as({ resources: { pids_limit: Number(value) } }),
  network_mode: (value) =>
    ["host", "none", "bridge"].includes(String(value))
      ? as({ network_mode: value === "bridge" ? "default" : value })
      : undefined,
  replicas: (value) => (Number.isInteger(value) ? as({ scale: { mode: "fixed", replicas: value } }) : undefined),
  scale: (value) => (Number.isInteger(value) ? as({ scale: { mode: "fixed", replicas: value } }) : undefined),
  ulimits: (value) => {
    if (!isRecord(value)) {
      return undefined;
    }
    const limits = Object.entries(value).map(([name, limit]) => [
      name,
      isRecord(limit) ? limit : { soft: limit, hard: limit },
    ]);
    return as({ ulimits: Object.fromEntries(limits) });
  },
  deploy,
  healthcheck,
  container_name: () => as({}, ["the container's name: containers are named after deployment, service and replica"]),
  networks: () => as({}, ["networks: the services of a deployment reach each other by name as it is"]),
};

function deploy(value: unknown): Converted | undefined {
  if (!isRecord(value)) {
    return undefined;
  }
  const { replicas, resources, ...rest } = value;
  const limits = isRecord(resources) && isRecord(resources["limits"]) ? resources["limits"] : {};
  const memory = limits["memory"] === undefined ? undefined : binary(limits["memory"]);
  const limited = {
    ...(limits["cpus"] !== undefined && { cpu: Number(limits["cpus"]) }),
    ...(memory !== undefined && { memory }),
  };
  return as(
    {
      ...(Number.isInteger(replicas) && { scale: { mode: "fixed", replicas } }),
      ...(Object.keys(limited).length > 0 && { resources: limited }),
    },
    Object.keys(rest).map((name) => `deploy.${name}`),
  );
}

function healthcheck(value: unknown): Converted | undefined {
  if (!isRecord(value) || value["disable"] === true) {
    return undefined;
  }
  const test = value["test"];
  const parts = Array.isArray(test) ? test.map(String) : [];
  const command = parts.length > 1 ? parts.slice(1).join(" ") : typeof test === "string" ? test : undefined;
  if (command === undefined) {
    return undefined;
  }
  return as({
    health: {
      ...(value["start_period"] !== undefined && { start_grace: String(value["start_period"]) }),
      ...(value["interval"] !== undefined && { interval: String(value["interval"]) }),
      ...(value["timeout"] !== undefined && { timeout: String(value["timeout"]) }),
      ...(Number.isInteger(value["retries"]) && { retries: value["retries"] }),
      check: { type: "command", command },
    },
  });
}

function port(value: unknown): Record<string, unknown> | undefined {
  if (isRecord(value)) {
    const { target, published, protocol, host_ip: hostIp } = value;
    return {
      ...(hostIp !== undefined && { host_ip: hostIp }),
      ...(published !== undefined && { host_port: Number(published) }),
      container_port: Number(target),
      ...(protocol === "udp" && { protocol }),
    };
  }
  const match = /^(?:(\[[^\]]+\]|\d+\.[\d.]+):)?(?:(\d+)?:)?(\d+)(?:\/(tcp|udp))?$/.exec(String(value));
  if (match === null) {
    return undefined;
  }
  const [, ip, host, container, protocol] = match;
  return {
    ...(ip !== undefined && { host_ip: ip.replace(/^\[|\]$/g, "") }),
    ...(host !== undefined && { host_port: Number(host) }),
    container_port: Number(container),
    ...(protocol === "udp" && { protocol }),
  };
}

function mount(value: unknown): Record<string, unknown> | undefined {
  if (isRecord(value)) {
    const { type, source, target, read_only: readOnly } = value;
    const readonly = readOnly === true ? { readonly: true } : {};
    if (type === "tmpfs") {
      return { type, target };
    }
    if (source === undefined) {
      return { type: "anonymous", target };
    }
    if (type !== "bind" && type !== "volume") {
      return undefined;
    }
    return type === "bind"
      ? { type, source, target, ...readonly }
      : { type: "named", name: source, target, ...readonly };
  }
  const [first = "", target, mode = ""] = String(value).split(":");
  if (target === undefined) {
    return { type: "anonymous", target: first };
  }
  const readonly = mode.split(",").includes("ro") ? { readonly: true } : {};
  return /^[./~]/.test(first)
    ? { type: "bind", source: first, target, ...readonly }
    : { type: "named", name: first, target, ...readonly };
}

function words(value: unknown, name: "args" | "entrypoint"): Converted | undefined {
  if (Array.isArray(value)) {
    return as({ command: { [name]: value.map(String) } });
  }
  if (typeof value !== "string") {
    return undefined;
  }
  // Quotes, variables and pipes are a shell's business.
  return /["'`$|&;<>()\\]/.test(value)
    ? as({ command: { [name]: ["/bin/sh", "-c", value] } })
    : as({ command: { [name]: value.trim().split(/\s+/) } });
}

function pairs(value: unknown, name: string): Converted | undefined {
  if (Array.isArray(value)) {
    const entries = value.map((item) => {
      const [key = "", ...rest] = String(item).split("=");
      return [key, rest.length === 0 && name === "env" ? `$E:${key}` : rest.join("=")];
    });
    return as({ [name]: Object.fromEntries(entries) });
  }
  if (!isRecord(value)) {
    return undefined;
  }
  const entries = Object.entries(value).map(([key, text]) => [
    key,
    text === null ? (name === "env" ? `$E:${key}` : "") : String(text),
  ]);
  return as({ [name]: Object.fromEntries(entries) });
}

function texts(value: unknown, name: string): Converted {
  return as({ [name]: (Array.isArray(value) ? value : [value]).map(String) });
}

function amount(value: unknown, name: string): Converted | undefined {
  const memory = binary(value);
  return memory === undefined ? undefined : as({ resources: { [name]: memory } });
}

/** An amount of memory as a spec writes it: a whole number of Ki, Mi, Gi or Ti. */
function binary(value: unknown): string | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt])?(i?b)?$/i.exec(String(value));
  if (match === null) {
    return undefined;
  }
  const power = ["b", "k", "m", "g", "t"].indexOf((match[2] ?? "b").toLowerCase());
  const kibi = Math.round(Number(match[1]) * 1024 ** power) / 1024;
  for (const [unit, size] of [
    ["Gi", 1024 ** 2],
    ["Mi", 1024],
  ] as const) {
    if (kibi >= size && Number.isInteger(kibi / size)) {
      return `${kibi / size}${unit}`;
    }
  }
  return kibi > 0 ? `${Math.ceil(kibi)}Ki` : undefined;
}

function list(
  value: unknown,
  convert: (item: unknown) => Record<string, unknown> | undefined,
  name: string,
): Converted | undefined {
  if (!Array.isArray(value)) {
    return undefined;
  }
  const lost = value.filter((item) => convert(item) === undefined).map((item) => `${name}: ${JSON.stringify(item)}`);
  return as({ [name]: value.map(convert).filter((item) => item !== undefined) }, lost);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
