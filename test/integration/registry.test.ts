import { afterAll, beforeAll, expect, test } from "vitest";
import { busyboxImage } from "./support/images";
import { LOGIN, Registry } from "./support/registry";

let open: Registry;
let closed: Registry;

beforeAll(async () => {
  [open, closed] = await Promise.all([Registry.start(), Registry.start({ login: true })]);
});

afterAll(async () => {
  await Promise.all([open?.stop(), closed?.stop()]);
});

test("the test registry serves what was pushed, bit for bit", async () => {
  const built = await busyboxImage();
  const reference = await open.push("app:1", built);
  expect(reference).toBe(`${open.host}/app:1`);
  const manifest = await fetch(`http://${open.host}/v2/app/manifests/1`, {
    headers: { accept: built.manifest.mediaType },
  });
  expect(manifest.headers.get("docker-content-digest")).toBe(built.manifest.digest);
});

test("the test registry with a login refuses strangers", async () => {
  await closed.push("app:1", await busyboxImage());
  const url = `http://${closed.host}/v2/app/manifests/1`;
  expect((await fetch(url)).status).toBe(401);
  const authorization = `Basic ${Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString("base64")}`;
  expect((await fetch(url, { headers: { authorization } })).status).not.toBe(401);
});
