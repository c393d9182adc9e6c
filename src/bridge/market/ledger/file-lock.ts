import { open, readFile, rm, stat } from "node:fs/promises";
import { uptime } from "node:os";
import { errorCode } from "../../sidecar/api-error";

/**
 * Makes this process the only writer of a file, as long as the returned function was not called. Each window of the editor is a
 * process of its own.
 *
 * @returns a function that ends it; undefined when another process has it
 * @throws the system's error, for example for a directory that cannot be written to
 */
export async function lockFile(path: string): Promise<(() => Promise<void>) | undefined> {
  const lock = `${path}.lock`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(lock, "wx", 0o600);
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(lock, { force: true });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") {
        throw error;
      }
    }
    if (await isHeld(lock)) {
      return undefined;
    }
    await rm(lock, { force: true });
  }
  return undefined;
}

/** A lock of a process that has ended, or from before the machine's start, is nobody's. */
async function isHeld(lock: string): Promise<boolean> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(lock, "utf8"), stat(lock)]);
    const pid = Number(text);
    if (mtimeMs < Date.now() - uptime() * 1000 || !Number.isInteger(pid) || pid <= 0) {
      // An empty file is of a process that is just writing its number.
      return text === "" && mtimeMs > Date.now() - 5_000;
    }
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user is a process, too.
    return errorCode(error) === "EPERM";
  }
}
