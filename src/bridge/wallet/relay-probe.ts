import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** How long a relay may take to answer at all, in milliseconds. */
const ANSWERS_WITHIN = 5_000;

/**
 * Whether anything answers at a relay's address, whatever it says. The protocol's library neither tells nor fails when nothing does. The
 * same modules of Node are used as for the relay itself, so that the editor's proxy settings apply.
 *
 * @param url `ws:` or `wss:`
 */
export function isRelayReachable(url: string, signal: AbortSignal): Promise<boolean> {
  const target = new URL(url);
  const isSecure = target.protocol === "wss:";
  target.protocol = isSecure ? "https:" : "http:";
  return new Promise((resolve) => {
    const request = (isSecure ? httpsRequest : httpRequest)(target, {
      method: "HEAD",
      signal,
      timeout: ANSWERS_WITHIN,
    });
    const end = (reachable: boolean): void => {
      resolve(reachable);
      request.destroy();
    };
    request.once("response", () => end(true));
    request.once("timeout", () => end(false));
    request.on("error", () => end(false));
    request.end();
  });
}
