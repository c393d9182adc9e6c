import { describe, expect, it } from "vitest";
import { RefusedSpec, untrustedSpec } from "./untrusted-profile";

const NEED = { millicores: 1000, mebibytes: 512, gpus: 0, gpuModel: 0, region: 0, labels: 0 };
const spec = (more = "", image = "docker.io/library/nginx:1.27", cpu = "0.5"): string => `version: v1
deployment: mine
services:
  web:
    image: { name: "${image}" }
    resources: { cpu: ${cpu}, memory: 64Mi }
${more}`;
const run = (text: string, localImages = false) => untrustedSpec(text, { deployment: "zl-1", need: NEED, localImages });

function pathsOf(text: string): string[] {
  try {
    run(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedSpec);
    return (error as RefusedSpec).refusals.map(({ path }) => path);
  }
  return [];
}

describe("a stranger's spec", () => {
  it("runs under the operator's name and with a limit on processes", () => {
    const { text, services } = run(spec());
    expect(services).toEqual(["web"]);
    const ran = JSON.parse(text);
    expect(ran).toMatchObject({ deployment: "zl-1", services: { web: { resources: { pids_limit: 512 } } } });
    expect(Object.keys(ran)).toEqual(["version", "deployment", "services"]);
  });

  it.each([
    ["    privileged: true\n", "services.web.privileged"],
    ["    host_network: true\n", "services.web.host_network"],
    ["    network_mode: host\n", "services.web.network_mode"],
    ["    devices: [{ path: /dev/kvm }]\n", "services.web.devices"],
    ["    storage: [{ type: bind, source: /, target: /host }]\n", "services.web.storage"],
    ["    capabilities: [SYS_ADMIN]\n", "services.web.capabilities"],
    ["    sysctls: { net.ipv4.ip_forward: '1' }\n", "services.web.sysctls"],
    ["    port_mappings: [{ host_port: 22, container_port: 22 }]\n", "services.web.port_mappings"],
    ["    a_field_of_tomorrow: 1\n", "services.web.a_field_of_tomorrow"],
    ["    env: { A: $S:password }\n", "services.web.env.A"],
    ["    health: { check: { type: http, url: 'http://169.254.169.254/' } }\n", "services.web.health.check.type"],
    ["networks: {}\n", "networks"],
  ])("is refused for %s", (more, path) => {
    expect(pathsOf(spec(more))).toEqual([path]);
  });

  it.each(["oci-layout.localhost/x:1", "127.0.0.1:5000/x", "registry:5000/x", "192.168.0.4/x", "hub.lan/x"])(
    "is refused for the image %s, unless the operator allows it",
    (image) => {
      expect(pathsOf(spec("", image))).toEqual(["services.web.image.name"]);
      expect(run(spec("", image), true).services).toEqual(["web"]);
    },
  );

  it("is refused without limits, and for more than is paid for", () => {
    expect(pathsOf(spec().replace("resources: { cpu: 0.5, memory: 64Mi }", ""))).toEqual([
      "services.web.resources.cpu",
      "services.web.resources.memory",
    ]);
    expect(() => run(spec("", "a/b:1", "2"))).toThrow("needs 2000 millicores, but the job pays for 1000");
  });

  it("is refused when it is no spec", () => {
    expect(() => run("a: [")).toThrow(RefusedSpec);
    expect(() => run("just text")).toThrow("no services");
  });
});
