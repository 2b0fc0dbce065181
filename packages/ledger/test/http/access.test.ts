import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { FatalError } from "@brigade/core";
import { LedgerClient } from "../../src/http.ts";
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

test("where a token is set, every request without it is refused", async () => {
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

test("the page may load nothing from other origins, and no page may frame it", async () => {
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
    `${cookie.slice(0, -1)}${cookie.endsWith("A") ? "B" : "A"}`,
    cookie.slice(0, -6),
    `${cookie.split("=")[0]}=`,
    `${cookie.split("=")[0]}=9999999999`,
  ]) {
    assert.equal((await asked(jobs, { cookie: forged })).status, 401, forged);
  }
  await using other = await answering({ token: "another secret" });
  assert.equal((await asked(`${other.url}/api/jobs`, { cookie })).status, 401);

  const second = await session(ledger.url);
  const { headers } = await asked(`${ledger.url}/api/session`, { cookie }, { method: "DELETE" });
  assert.match(String(headers["set-cookie"]), /=; Max-Age=0; Path=\/api/);
  assert.equal((await asked(jobs, { cookie })).status, 401, "what was logged out is over");
  assert.equal((await asked(jobs, { cookie: second })).status, 200, "another browser's is not");
  now += 31 * 24 * 3_600_000;
  assert.equal((await asked(jobs, { cookie: second })).status, 401);
});

test("a page of another origin changes nothing, even with a session or the token", async () => {
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
      (await ledger.catalogue.jobs.all()).map(({ state }) => state),
      ["open"],
    );
    for (const own of [{ origin: ledger.url }, { "sec-fetch-site": "same-origin" }, {}]) {
      const headers = { ...known, ...own } as Record<string, string>;
      assert.equal((await asked(`${ledger.url}/api/jobs`, headers, opening)).status, 409);
    }
  }
});

test("a ledger answers under the names of this machine's loopback and under configured names, with a token too", async () => {
  for (const guard of [{}, { token }]) {
    await using own = await answering({ ...guard, hosts: ["ledger", "192.0.2.7", "2001:db8::7"] });
    const { port } = new URL(own.url);
    const names = ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST", "ledger", "192.0.2.7"];
    for (const name of [...names, "[2001:db8::7]"]) {
      for (const host of [name, `${name}:${port}`, `${name}:1`]) {
        assert.equal((await asked(`${own.url}/api/jobs`, { ...bearer, host })).status, 200, host);
      }
    }
    for (const name of [
      "rebound.example",
      "127.0.0.1.example",
      "localhost.example",
      "ledger.example",
      "10.0.0.1",
      "[::2]",
    ]) {
      for (const host of [name, `${name}:${port}`]) {
        const { status, text } = await asked(`${own.url}/api/jobs`, { ...bearer, host });
        assert.equal(status, 421, host);
        assert.match(text, /LEDGER_HOSTS=/);
      }
    }
  }
});

test("a service's token is good for questions and announcements; it changes nothing and begins no session", async () => {
  const serviceToken = "of a service";
  await using ledger = await answering({ token, serviceToken });
  const service = { authorization: `Bearer ${serviceToken}` };
  const position = JSON.stringify({ job: "job-1", directory: "", walk: 1, page: 1 });
  for (const [path, how, expected] of [
    ["/api/jobs", {}, 200],
    ["/api/volumes", {}, 200],
    ["/api/history/recorded", { method: "POST", body: position }, 200],
    ["/api/presence", { method: "POST", body: "{}" }, 501],
    ["/api/jobs", opening, 403],
    ["/api/jobs/job-1/close", { method: "POST", body: '{"state":"cancelled"}' }, 403],
    ["/api/jobs/job-1/retry", { method: "POST", body: "{}" }, 403],
    ["/api/objects/restore", { method: "POST", body: "{}" }, 403],
    ["/api/objects/forget", { method: "POST", body: "{}" }, 403],
    ["/api/backup", { method: "POST" }, 403],
    ["/api/session", { method: "POST" }, 403],
    ["/api/history/../backup", { method: "POST" }, 403],
  ] as const) {
    const { status, text } = await asked(ledger.url + path, service, how);
    assert.equal(status, expected, `${path}: ${text}`);
  }
  assert.deepEqual(
    (await ledger.catalogue.jobs.all()).map(({ state }) => state),
    ["open"],
  );
});

test("without a token there is no session to be had, and none is needed", async () => {
  await using ledger = await answering();
  const { status, headers } = await asked(`${ledger.url}/api/session`, {}, { method: "POST" });
  assert.deepEqual([status, headers["set-cookie"]], [204, undefined]);
});
