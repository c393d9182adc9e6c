// Assembles OCI images without a container engine: tar layers, a config, a manifest, an index, in an image layout on disk.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md
import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

/**
 * @typedef {{ path: string, mode?: number, data?: string | Uint8Array, link?: string, directory?: boolean }} Entry
 *   `path` without a leading slash; a file with `data`, a symbolic link with `link`, or a directory
 * @typedef {{ Entrypoint?: string[], Cmd?: string[], Env?: string[], WorkingDir?: string, User?: string,
 *   ExposedPorts?: Record<string, object>, Labels?: Record<string, string>, StopSignal?: string }} Config
 * @typedef {{ mediaType: string, digest: string, size: number, annotations?: Record<string, string> }} Descriptor
 * @typedef {{ blobs: Map<string, Buffer>, manifest: Descriptor }} BuiltImage blobs by digest; the manifest is one of them
 */

const BLOCK = 512;

function octal(value, width) {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

function header(entry, size) {
  const name = entry.directory ? `${entry.path}/` : entry.path;
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(entry.link ?? "") > 100) {
    throw new Error(`${name}: names and link targets have at most 100 bytes`);
  }
  const block = Buffer.alloc(BLOCK);
  const type = entry.directory ? "5" : entry.link === undefined ? "0" : "2";
  block.write(name, 0);
  block.write(octal(entry.mode ?? (entry.directory ? 0o755 : 0o644), 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.fill(" ", 148, 156);
  block.write(type, 156);
  block.write(entry.link ?? "", 157);
  block.write("ustar\0" + "00", 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/**
 * A tar archive whose bytes depend on the entries alone: no times, no owners.
 *
 * @param {Entry[]} entries
 * @returns {Buffer}
 */
export function tar(entries) {
  const parts = [];
  for (const entry of entries) {
    const data = Buffer.from(entry.data ?? "");
    parts.push(header(entry, data.length), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK));
  }
  parts.push(Buffer.alloc(2 * BLOCK));
  return Buffer.concat(parts);
}

function sha256(data) {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/**
 * An image in memory: its blobs, and the manifest that names them.
 *
 * @param {Buffer[]} tars layers as tar archives, the lowest first
 * @param {Config} config
 * @param {string} [architecture]
 * @returns {BuiltImage}
 */
export function image(tars, config, architecture = "amd64") {
  /** @type {Map<string, Buffer>} */
  const blobs = new Map();
  const add = (mediaType, data) => {
    const digest = sha256(data);
    blobs.set(digest, data);
    return { mediaType, digest, size: data.length };
  };
  const json = (value) => Buffer.from(JSON.stringify(value));
  const layers = tars.map((layer) => add("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(layer, { level: 6 })));
  const descriptor = add(
    "application/vnd.oci.image.config.v1+json",
    json({ architecture, os: "linux", config, rootfs: { type: "layers", diff_ids: tars.map(sha256) } }),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = add(mediaType, json({ schemaVersion: 2, mediaType, config: descriptor, layers }));
  return { blobs, manifest };
}

/**
 * Writes an image as a layout of one image; a layout that is there is replaced as a whole.
 *
 * @param {string} directory
 * @param {string} tag
 * @param {BuiltImage} built
 */
export async function writeLayout(directory, tag, built) {
  const unfinished = `${directory}.${process.pid}.tmp`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(join(unfinished, "blobs", "sha256"), { recursive: true });
  for (const [digest, data] of built.blobs) {
    await writeFile(join(unfinished, "blobs", ...digest.split(":")), data);
  }
  const annotations = { "org.opencontainers.image.ref.name": tag };
  await writeFile(join(unfinished, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(
    join(unfinished, "index.json"),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [{ ...built.manifest, annotations }],
    }),
  );
  await mkdir(dirname(directory), { recursive: true });
  await rm(directory, { recursive: true, force: true });
  await rename(unfinished, directory);
}
