// What Compose can do and the engine refuses: taken out of a converted spec, each with a word about it.
import { isIP } from "node:net";
import { posix } from "node:path";

type Service = Record<string, unknown>;
type Items = Record<string, unknown>[];

/** How many replicas the engine runs of one service. */
const MOST_REPLICAS = 1000;
const VOLUME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** Whole numbers with units, as the engine reads them. */
const DURATION = /^(\d+(ns|us|ms|s|m|h))+$/;
const IMAGE =
  /^(?=.{1,200}$)(?:[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/**
 * Changes `services`, so that the engine takes them.
 *
 * @param directory of the Compose file on the engine's machine, where relative binds begin; absent when it has none
 * @param lost gets a line for each thing that was changed or left out
 */
export function fitEngine(services: Record<string, Service>, directory: string | undefined, lost: string[]): void {
  const ports: Port[] = [];
  const waits = new Map<string, string[]>();
  for (const [name, service] of Object.entries(services)) {
    const say = (what: string) => lost.push(`services.${name}: ${what}`);
    image(name, service, say);
    replicas(service, say);
    keep(service, "storage", (item) => mount(item, directory, say));
    publish(service, ports, say);
    keep(service, "depends", ({ service: other }) => {
      const to = String(other);
      const known = waits.get(name) ?? [];
      if (!Object.hasOwn(services, to)) {
        say(`it waited for ${to}, which is no service of this file`);
        return false;
      }
      if (known.includes(to) || reaches(waits, to, name)) {
        say(`it waited for ${to}, which waits for it too`);
        return false;
      }
      waits.set(name, [...known, to]);
      return true;
    });
    texts(service, "dns", (text) => isIP(text) !== 0, say);
    texts(service, "extra_hosts", isHost, say);
    entries(service, "env", (key) => key !== "" && !key.includes("="), say);
    entries(service, "ulimits", (_key, limit) => isLimit(limit), say);
    entries(
      service,
      "health",
      (key, value) => !["start_grace", "interval", "timeout"].includes(key) || isDuration(value),
      say,
    );
    entries(service, "resources", isAmount, say);
    if (service["stop_grace_period"] !== undefined && !isDuration(service["stop_grace_period"])) {
      say(`stop_grace_period ${service["stop_grace_period"]}: write for example 90s`);
      delete service["stop_grace_period"];
    }
  }
}

type Say = (what: string) => void;

function image(name: string, service: Service, say: Say): void {
  const given = isRecord(service["image"]) ? String(service["image"]["name"]) : undefined;
  if (given !== undefined && IMAGE.test(given)) {
    return;
  }
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "app";
  service["image"] = { name: `${plain}:latest` };
  say(
    `${given === undefined ? "it names no image" : `${given} names no image`}; build one, and write its name in place of ${plain}:latest`,
  );
}

function replicas(service: Service, say: Say): void {
  const scale = service["scale"];
  const count = isRecord(scale) ? Number(scale["replicas"]) : 1;
  if (count > MOST_REPLICAS || count < 0) {
    say(`${count} replicas; the engine runs 0 to ${MOST_REPLICAS} of one service`);
    service["scale"] = { mode: "fixed", replicas: count < 0 ? 1 : MOST_REPLICAS };
  }
}

function mount(item: Record<string, unknown>, directory: string | undefined, say: Say): boolean {
  const { type, source, target, name } = item;
  if (typeof target !== "string" || !target.startsWith("/") || target.split("/").includes("..")) {
    say(`a mount at ${target}, which is no whole path`);
    return false;
  }
  if (type === "named" && !VOLUME.test(String(name))) {
    say(`the volume ${name}, whose name the engine does not take`);
    return false;
  }
  if (type === "bind" && !String(source).startsWith("/")) {
    const isBelow = /^\.{1,2}(\/|$)|^[^~$/\\:]+/.test(String(source));
    if (directory === undefined || !isBelow) {
      say(`the mount of ${source} at ${target}: write the whole path of its source`);
      return false;
    }
    item["source"] = posix.join(directory, String(source));
  }
  return true;
}

interface Port {
  key: string;
  ip: string;
}

function publish(service: Service, taken: Port[], say: Say): void {
  const mode = service["network_mode"];
  if (mode === "host" || mode === "none") {
    if (Array.isArray(service["port_mappings"])) {
      say(`ports: with network_mode ${mode} none can be published`);
      delete service["port_mappings"];
    }
    return;
  }
  const count = isRecord(service["scale"]) ? Number(service["scale"]["replicas"]) : 1;
  keep(service, "port_mappings", (item) => {
    const { host_ip: ip = "0.0.0.0", host_port: host, container_port: container, protocol = "tcp" } = item;
    if (!isPort(container) || (host !== undefined && host !== 0 && !isPort(host)) || isIP(String(ip)) === 0) {
      say(`the port ${ip}:${host ?? ""}:${container}`);
      return false;
    }
    if (host === undefined || host === 0) {
      return true;
    }
    const port = { key: `${host}/${protocol}`, ip: String(ip) };
    if (count > 1) {
      say(`the port ${host} of the machine: only one of ${count} replicas could hold it, so each gets a free one`);
      delete item["host_port"];
    } else if (
      taken.some((other) => other.key === port.key && (other.ip === port.ip || isAny(other.ip) || isAny(port.ip)))
    ) {
      say(`the port ${host} of the machine, which is taken already; it gets a free one`);
      delete item["host_port"];
    } else {
      taken.push(port);
    }
    return true;
  });
}

/** Whether one service waits for another, over others. */
function reaches(waits: Map<string, string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  // A set goes on to what is added on the way.
  for (const at of seen) {
    if (at === to) {
      return true;
    }
    for (const next of waits.get(at) ?? []) {
      seen.add(next);
    }
  }
  return false;
}

/** Leaves in a list what `fits`; an empty list goes. */
function keep(service: Service, field: string, fits: (item: Record<string, unknown>) => boolean): void {
  const list = service[field];
  if (Array.isArray(list)) {
    const kept = (list as Items).filter(fits);
    if (kept.length === 0) {
      delete service[field];
    } else {
      service[field] = kept;
    }
  }
}

function texts(service: Service, field: string, fits: (text: string) => boolean, say: Say): void {
  const list = service[field];
  if (Array.isArray(list)) {
    service[field] = list.filter((text) => {
      const isFit = fits(String(text));
      if (!isFit) {
        say(`${field}: ${text}`);
      }
      return isFit;
    });
  }
}

function entries(service: Service, field: string, fits: (key: string, value: unknown) => boolean, say: Say): void {
  const map = service[field];
  if (isRecord(map)) {
    for (const [key, value] of Object.entries(map)) {
      if (!fits(key, value)) {
        say(`${field}.${key}: ${JSON.stringify(value)}`);
        delete map[key];
      }
    }
  }
}

function isHost(text: string): boolean {
  const [, name = "", address = ""] = /^([^:\s]*):(.*)$/.exec(text) ?? [];
  return name !== "" && (address === "host-gateway" || isIP(address.replace(/^\[|\]$/g, "")) !== 0);
}

function isLimit(limit: unknown): boolean {
  return isRecord(limit) && Number.isSafeInteger(limit["soft"]) && Number.isSafeInteger(limit["hard"]);
}

function isAmount(name: string, value: unknown): boolean {
  if (name === "cpu") {
    return typeof value === "number" && Number.isFinite(value) && value > 0;
  }
  return name === "pids_limit"
    ? Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31
    : typeof value === "string";
}

function isDuration(value: unknown): boolean {
  return DURATION.test(String(value)) && String(value).length < 12;
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
}

function isAny(ip: string): boolean {
  return ip === "0.0.0.0" || ip === "::";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
