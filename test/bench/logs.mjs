// Lines a second from a container to a follower of its log, and whether each of them arrives.
//   node test/bench/logs.mjs [LINES]
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { main } from "../../scripts/lib/run.mjs";
import { writeSampleImage } from "../../scripts/sample-image.mjs";
import { deployAndWait, specOf, withDirectory, withEngine } from "./support.mjs";

await main(() =>
  withDirectory(async (directory) => {
    const lines = Number(process.argv[2] ?? 2_000_000);
    await mkdir(join(directory, "images"));
    await writeSampleImage(join(directory, "images", "layouts", "hello"));
    await withEngine(directory, async (client) => {
      // The follower is there before the flood begins; the marker line ends it.
      const script = `sleep 3; seq 1 ${lines}; sleep 1000000`;
      const spec = specOf("flood", "oci-layout.localhost/hello:1", 1, ["/bin/sh", "-c", script]);
      const state = await deployAndWait(client, spec);
      const { id } = state.services[0].replicas[0];
      let next = 1;
      let wrong = 0;
      let first = 0;
      let rest = "";
      for await (const chunks of client.containerLogs(id, { follow: true })) {
        first ||= performance.now();
        const texts = (rest + chunks.map((chunk) => chunk.data ?? "").join("")).split("\n");
        rest = texts.pop() ?? "";
        for (const text of texts) {
          wrong += Number(text) === next ? 0 : 1;
          next += 1;
        }
        if (next > lines) {
          break;
        }
      }
      const seconds = (performance.now() - first) / 1000;
      console.log(
        `${lines} lines in ${seconds.toFixed(1)} s: ${Math.round(lines / seconds)} lines/s; ${wrong} lost, doubled or out of order`,
      );
    });
  }),
);
