// Images for tests, made of Debian's busybox.
import { type BuiltImage, type Config, type Entry, image, tar } from "../../../scripts/lib/oci-layout.mjs";
import { busyboxLayer } from "../../../scripts/sample-image.mjs";

/** An image with a shell. @param config what differs from `CMD ["sh"]` @param files of a layer on top */
export async function busyboxImage(config: Config = {}, files: readonly Entry[] = []): Promise<BuiltImage> {
  const layers = [await busyboxLayer()];
  if (files.length > 0) {
    layers.push(tar([...files]));
  }
  return image(layers, { Env: ["PATH=/bin:/usr/bin"], Cmd: ["/bin/sh"], ...config });
}
