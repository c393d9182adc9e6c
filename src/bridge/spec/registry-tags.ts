/** The registry and the repository within it that an image's name means. */
export interface Repository {
  readonly registry: string;
  readonly name: string;
}

/** As ZLayer reads names: without a registry it is Docker Hub's, and without an owner Docker's own. */
export function repositoryOf(image: string): Repository | undefined {
  const [first = "", ...rest] = image.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const registry = hasRegistry ? first : "docker.io";
  const path = hasRegistry ? rest.join("/") : image;
  if (!/^[a-z0-9]+([._/-]+[a-z0-9]+)*$/.test(path) || !/^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/.test(registry)) {
    return undefined;
  }
  return { registry, name: registry === "docker.io" && !path.includes("/") ? `library/${path}` : path };
}

/** A registry's answer is not read beyond this, in bytes. */
const LONGEST_ANSWER = 1024 * 1024;

/**
 * The tags that a registry lists for an image, the newest-looking first, by the distribution specification's
 * `GET /v2/NAME/tags/list`. Public images only: a registry that wants a token gets the anonymous one that it offers.
 *
 * @param image without tag and digest
 * @throws when the registry does not answer, refuses, or answers with something else
 */
export async function registryTags(image: string, signal: AbortSignal): Promise<string[]> {
  const repository = repositoryOf(image);
  if (repository === undefined) {
    return [];
  }
  const { registry, name } = repository;
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const isLocal = /^(localhost|127\.0\.0\.1)(:|$)/.test(registry);
  const url = `${isLocal ? "http" : "https"}://${host}/v2/${name}/tags/list`;
  const options = { signal, redirect: "error" } as const;
  let answer = await fetch(url, options);
  if (answer.status === 401) {
    const token = await anonymousToken(answer.headers.get("www-authenticate") ?? "", isLocal, signal);
    answer = await fetch(url, { ...options, headers: { authorization: `Bearer ${token}` } });
  }
  const body = await jsonOf(answer, url);
  const tags = typeof body === "object" && body !== null && "tags" in body ? body.tags : undefined;
  return (Array.isArray(tags) ? tags : [])
    .filter((tag): tag is string => typeof tag === "string" && /^\w[\w.-]{0,127}$/.test(tag))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
}

async function anonymousToken(challenge: string, isLocal: boolean, signal: AbortSignal): Promise<string> {
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = field("realm");
  if (realm === undefined || !(realm.startsWith("https://") || isLocal)) {
    throw new Error("the registry wants a password");
  }
  const url = new URL(realm);
  for (const name of ["service", "scope"]) {
    const value = field(name);
    if (value !== undefined) {
      url.searchParams.set(name, value);
    }
  }
  const body = await jsonOf(await fetch(url, { signal, redirect: "error" }), realm);
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const token = fields["token"] ?? fields["access_token"];
  if (typeof token !== "string") {
    throw new Error("the registry gives no token without a password");
  }
  return token;
}

async function jsonOf(answer: Response, url: string): Promise<unknown> {
  if (!answer.ok) {
    throw new Error(`${url} answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > LONGEST_ANSWER) {
      throw new Error(`${url} answered with more than ${LONGEST_ANSWER} bytes`);
    }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
