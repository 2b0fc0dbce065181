import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { FatalError } from "@brigade/core";
import { LedgerClient } from "../src/index.ts";
import { answering, photos } from "./answering.ts";

const token = "a secret";
const bearer = { authorization: `Bearer ${token}` };

/** Asks with headers as they are: fetch would not send all of them. */
async function asked(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  { method = "GET", body }: { readonly method?: string; readonly body?: string } = {},
) {
  const answer = Promise.withResolvers<{ status: number; text: string; headers: NodeJS.Dict<unknown> }>();
  const asking = request(url, { method, headers }, async (response) => {
    const text = (await response.setEncoding("utf8").toArray()).join("");
    answer.resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
  });
  asking.on("error", answer.reject).end(body);
  return await answer.promise;
}

const opening = { method: "POST", body: JSON.stringify({ ...photos, id: "second" }) };

/** A cookie as a browser gives it back. */
async function session(url: string): Promise<string> {
  const { status, headers } = await asked(`${url}/api/session`, bearer, { method: "POST" });
  assert.equal(status, 204);
  const [cookie = ""] = headers["set-cookie"] as string[];
  for (const part of ["HttpOnly", "SameSite=Strict", "Path=/api"]) assert.ok(cookie.includes(part), cookie);
  assert.ok(!decodeURIComponent(cookie).includes(token));
  return cookie.split(";")[0] ?? "";
}

test("with a token nobody learns or changes anything without it", async () => {
  await using ledger = await answering({ token });
  await ledger.client.closeJob("job-1", "cancelled");
  for (const wrong of [undefined, "a secreT", "a secret!", ""]) {
    for (const [path, how] of [
      ["/api/jobs", {}],
      ["/api/jobs", opening],
      ["/api/jobs/job-1/failures", {}],
      ["/api/status", {}],
      ["/api/events", {}],
      ["/api/volumes", {}],
      ["/api/objects?prefix=", {}],
      ["/api/session", { method: "POST" }],
      ["/api/backup", { method: "POST" }],
      ["/api/nowhere", {}],
    ] as const) {
      const headers = wrong === undefined ? {} : { authorization: `Bearer ${wrong}` };
      const { status, text, headers: given } = await asked(ledger.url + path, headers, how);
      assert.deepEqual([status, given["www-authenticate"]], [401, "Bearer"], path);
      assert.doesNotMatch(text, /job-1|photos|a secret/);
    }
    const client = new LedgerClient({ url: ledger.url, token: wrong });
    await assert.rejects(client.jobs(), (error) => {
      assert.ok(error instanceof FatalError);
      assert.match(error.message, /LEDGER_TOKEN/);
      assert.doesNotMatch(error.message, /a secret/i);
      return true;
    });
  }
  assert.equal((await ledger.client.jobs()).length, 1);
});

test("the page itself is for everybody, and has no data in it", async () => {
  await using ledger = await answering({ token });
  const { status, text, headers } = await asked(`${ledger.url}/`);
  assert.equal(status, 200);
  assert.match(String(headers["content-type"]), /^text\/html/);
  assert.doesNotMatch(text, /photos|job-1/);
  for (const [, path = ""] of text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.equal((await asked(ledger.url + path)).status, 200, path);
  }
  for (const path of [
    "/page/index.html",
    "/page/tsconfig.json",
    "/page/../status/status.ts",
    "/page/%2e%2e/index.ts",
  ]) {
    assert.equal((await asked(ledger.url + path)).status, 404, path);
  }
});

test("the page may load nothing from elsewhere, and nobody may frame it", async () => {
  await using ledger = await answering();
  for (const path of ["/", "/page/page.js", "/api/jobs", "/api/nowhere"]) {
    const { headers } = await asked(ledger.url + path);
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["x-powered-by"], undefined);
  }
  assert.equal((await asked(`${ledger.url}/api/jobs`)).headers["cache-control"], "no-store");
});

test("a session stands for the token, until it is given back, is too old or the token is another", async () => {
  let now = Date.now();
  await using ledger = await answering({ token, now: () => now });
  const cookie = await session(ledger.url);
  const jobs = `${ledger.url}/api/jobs`;
  assert.equal((await asked(jobs, { cookie })).status, 200);
  assert.equal((await asked(jobs, { cookie: `other=1; ${cookie}` })).status, 200);
  for (const forged of [
    cookie.replace(/=(\d)/, (_, digit) => `=${(Number(digit) + 1) % 10}`),
    cookie.slice(0, -6),
    `${cookie.split("=")[0]}=9999999999`,
    `${cookie.split("=")[0]}=9999999999.${"A".repeat(43)}%3D`,
  ]) {
    assert.equal((await asked(jobs, { cookie: forged })).status, 401, forged);
  }
  await using other = await answering({ token: "another secret" });
  assert.equal((await asked(`${other.url}/api/jobs`, { cookie })).status, 401);

  const { headers } = await asked(`${ledger.url}/api/session`, { cookie }, { method: "DELETE" });
  assert.match(String(headers["set-cookie"]), /=; Max-Age=0; Path=\/api/);
  now += 31 * 24 * 3_600_000;
  assert.equal((await asked(jobs, { cookie })).status, 401);
});

test("a page of another origin changes nothing, whatever it knows", async () => {
  await using guarded = await answering({ token });
  await using open = await answering();
  const cookie = await session(guarded.url);
  for (const [ledger, known] of [
    [guarded, { cookie }],
    [guarded, bearer],
    [open, {}],
  ] as const) {
    const { host } = new URL(ledger.url);
    for (const foreign of [
      { origin: "http://elsewhere.example" },
      { origin: `http://${host}0` },
      { origin: "null" },
      { origin: "http://127.0.0.1" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site", origin: ledger.url },
    ]) {
      for (const [path, how] of [
        ["/api/jobs", opening],
        ["/api/jobs/job-1/close", { method: "POST", body: '{"state":"cancelled"}' }],
        ["/api/backup", { method: "POST" }],
        ["/api/session", { method: "DELETE" }],
      ] as const) {
        const headers = { ...known, ...foreign, "content-type": "text/plain" } as Record<string, string>;
        const { status, text } = await asked(ledger.url + path, headers, how);
        assert.equal(status, 403, `${path} ${JSON.stringify(foreign)}`);
        assert.match(text, /another origin/);
      }
    }
    assert.deepEqual(
      (await ledger.catalogue.jobs()).map(({ state }) => state),
      ["open"],
    );
    for (const own of [{ origin: ledger.url }, { "sec-fetch-site": "same-origin" }, {}]) {
      const headers = { ...known, ...own } as Record<string, string>;
      assert.equal((await asked(`${ledger.url}/api/jobs`, headers, opening)).status, 409);
    }
  }
});

test("a ledger for this machine only, without a token, answers by no other name", async () => {
  await using own = await answering({ loopback: true });
  const { port } = new URL(own.url);
  for (const host of ["localhost", `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
    assert.equal((await asked(`${own.url}/api/jobs`, { host })).status, 200, host);
  }
  for (const host of [
    "rebound.example",
    `rebound.example:${port}`,
    "127.0.0.1.example",
    "localhost.example",
    "10.0.0.1",
  ]) {
    const { status, text } = await asked(`${own.url}/api/jobs`, { host });
    assert.equal(status, 421, host);
    assert.match(text, /localhost only.*LEDGER_TOKEN/);
  }
  await using guarded = await answering({ loopback: true, token });
  assert.equal((await asked(`${guarded.url}/api/jobs`, { ...bearer, host: "ledger.example" })).status, 200);
});

test("without a token there is no session to be had, and none is needed", async () => {
  await using ledger = await answering();
  const { status, headers } = await asked(`${ledger.url}/api/session`, {}, { method: "POST" });
  assert.deepEqual([status, headers["set-cookie"]], [204, undefined]);
});
