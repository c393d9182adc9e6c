/** Where an engine listens: the sidecar's unix socket, or a `zlayer` daemon's socket or URL. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "http"; readonly url: URL; readonly token?: string };

/** Text that names no endpoint. The message is for the user. */
export class InvalidEndpoint extends Error {
  override readonly name = "InvalidEndpoint";
}

/** Bytes that fit into `sockaddr_un.sun_path`, its terminating zero not counted. */
const SOCKET_PATH_MAX = process.platform === "darwin" ? 103 : 107;

/**
 * @param path absolute path of a unix socket
 * @throws InvalidEndpoint when the path is relative or longer than the kernel takes
 */
export function unixEndpoint(path: string): Endpoint {
  if (!path.startsWith("/")) {
    throw new InvalidEndpoint(`The socket path "${path}" is not absolute. Give the whole path, from "/" on.`);
  }
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_MAX) {
    throw new InvalidEndpoint(
      `The socket path "${path}" has ${bytes} bytes; this system takes at most ${SOCKET_PATH_MAX}. ` +
        "Choose a shorter one in the setting zlayer.sidecar.socket.",
    );
  }
  return { kind: "unix", path };
}

/**
 * Reads the setting `zlayer.endpoint`: an absolute socket path, `unix:///path`, `http://…` or `https://…`.
 *
 * @param token bearer token for an `http(s)` endpoint
 * @throws InvalidEndpoint
 */
export function parseEndpoint(text: string, token?: string): Endpoint {
  const trimmed = text.trim();
  if (trimmed.startsWith("unix://")) {
    return unixEndpoint(trimmed.slice("unix://".length));
  }
  if (trimmed.startsWith("/")) {
    return unixEndpoint(trimmed);
  }
  let url: URL;
  try {
    url = new URL(trimmed);
  } catch {
    throw new InvalidEndpoint(
      `"${trimmed}" is neither a socket path nor a URL. Write /path/to/socket, unix:///path, http://host:port or https://host:port.`,
    );
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new InvalidEndpoint(`"${trimmed}" uses ${url.protocol}//; an endpoint is unix://, http:// or https://.`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new InvalidEndpoint(
      "The endpoint holds a user name or a password. Leave them out and use the command “ZLayer: Set Access Token”.",
    );
  }
  if (token !== undefined && url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new InvalidEndpoint(`An access token would cross the network unencrypted to ${url.host}. Use https://.`);
  }
  return token === undefined ? { kind: "http", url } : { kind: "http", url, token };
}

/** The endpoint as a user would write it, without the token. */
export function describeEndpoint(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : endpoint.url.href;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname);
}
