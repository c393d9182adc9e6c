// The engine's side of a terminal whose reader is slow; the bridge's side is in src/bridge/sidecar/client.test.ts.
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { writeSampleImage } from "../../scripts/sample-image.mjs";
import { TestSidecar } from "./support/sidecar";

/** The program writes so many blocks … */
const BLOCKS = 600;
/** … of so many bytes, and keeps count. */
const BLOCK_BYTES = 65_536;

let sidecar: TestSidecar;

beforeAll(async () => {
  sidecar = await TestSidecar.start();
  await writeSampleImage(join(sidecar.directory, "images", "layouts", "hello"));
});

afterAll(() => sidecar?.stop());

test("a program whose output nobody reads waits; nothing of it is lost, and the engine does not hold it", async () => {
  await sidecar.client.deploy(`version: v1
deployment: quiet
services:
  web:
    image: { name: oci-layout.localhost/hello:1 }
    command: { entrypoint: [/bin/sh, -c, "trap 'exit 0' TERM; sleep 1000 & wait"] }
    scale: { mode: fixed, replicas: 1 }
`);
  await sidecar.until("quiet", ({ phase }) => phase === "running");
  const [container] = await sidecar.client.containers();
  const id = container?.id ?? "";
  const block = `head -c ${BLOCK_BYTES} /dev/zero | tr '\\0' x`;
  const script = `i=0; while [ $i -lt ${BLOCKS} ]; do ${block}; i=$((i+1)); echo $i > /tmp/count; done`;
  const query = new URLSearchParams([
    ["command", "sh"],
    ["command", "-c"],
    ["command", script],
  ]);
  const socket = new WebSocket(
    `ws+unix:${join(sidecar.directory, "api.sock")}:/sidecar/v1/containers/${id}/tty?${query}`,
    {
      perMessageDeflate: false,
    },
  );
  let received = 0;
  socket.on("message", (data: Buffer, isBinary) => {
    received += isBinary ? data.length : 0;
  });
  await once(socket, "open");
  socket.pause();

  const count = async (): Promise<number> => Number((await sidecar.client.exec(id, ["cat", "/tmp/count"])).stdout) || 0;
  // Until it has filled what lies between and stands still.
  let written = -1;
  for (let same = 0; same < 10; ) {
    const now = await count();
    same = now > 0 && now === written ? same + 1 : 0;
    written = now;
  }
  expect(written * BLOCK_BYTES).toBeLessThan(4 << 20);

  const closed = once(socket, "close");
  socket.resume();
  await closed;
  expect(received).toBe(BLOCKS * BLOCK_BYTES);
  expect(await count()).toBe(BLOCKS);
});
