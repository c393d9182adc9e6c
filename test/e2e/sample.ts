// The sample as a user has it, in a directory of its own and on a port that nobody else uses.
import { cp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { ROOT } from "../../scripts/lib/paths.mjs";

export interface Sample {
  readonly folder: string;
  /** Where its service `web` answers once it is deployed. */
  readonly url: string;
}

/** Copies samples/hello to a new folder below a directory. */
export async function copySample(directory: string): Promise<Sample> {
  const folder = join(directory, "hello");
  await cp(join(ROOT, "samples", "hello"), folder, { recursive: true });
  const spec = join(folder, "hello.zlayer.yml");
  const port = await freePort();
  await writeFile(spec, (await readFile(spec, "utf8")).replace("18080", String(port)));
  return { folder, url: `http://127.0.0.1:${port}/` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return address.port;
}
