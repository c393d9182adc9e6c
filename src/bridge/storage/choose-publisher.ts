import { EmbeddedPublisher } from "./embedded-publisher";
import { KuboPublisher } from "./kubo-publisher";
import type { SpecPublisher } from "./spec-publisher";

/**
 * Where specs are published: on the user's IPFS node, or, where none is set, in a directory.
 *
 * @param api setting `zlayer.ipfs.api`
 * @throws {PublishFailed} for a setting that is no URL
 */
export function choosePublisher(api: string, directory: string): SpecPublisher {
  return api.trim() === "" ? new EmbeddedPublisher(directory) : new KuboPublisher(api.trim());
}
