import assert from "node:assert/strict";
import { test } from "node:test";
import { type FaultScope, SourceError } from "@brigade/core";
import { HostHealth } from "../../src/url-list/host-health.ts";

const refused = (scope: FaultScope = "origin") => new SourceError("transport", "nothing listens", { scope });
const mistaken = (scope: FaultScope = "origin") => new SourceError("misconfigured", "no TLS", { scope });

function healthOf(hosts: number) {
  const clock = { ms: 0 };
  const health = new HostHealth(() => clock.ms);
  health.hosts = hosts;
  /** Whether it was asked for, of so many requests in a row, each of which would fail. */
  const asked = (origin: string, requests: number, error = refused()) => {
    let count = 0;
    for (let n = 0; n < requests; n++) {
      try {
        health.admit(origin);
        count++;
        health.failed(origin, error);
      } catch (thrown) {
        assert.ok(thrown instanceof SourceError && thrown.kind === error.kind);
      }
    }
    return count;
  };
  return { clock, health, asked };
}

test("a dead host gets one request per pause, however many of its objects are due, and all requests again once it answers", () => {
  const { clock, health, asked } = healthOf(2);
  assert.equal(asked("http://dead", 10_000), 1);
  let requests = 0;
  for (; clock.ms < 600_000; clock.ms += 500) requests += asked("http://dead", 100);
  assert.ok(requests >= 9 && requests <= 20, `${requests} requests in ten minutes`);
  health.answered("http://dead");
  health.admit("http://dead");
  health.admit("http://dead");
});

test("requests of which each may have failed for itself count as the host's after three in a row", () => {
  const { asked, health } = healthOf(2);
  assert.equal(asked("http://slow", 2, refused("object")), 2);
  health.answered("http://slow");
  assert.equal(asked("http://slow", 100, refused("object")), 3);
});

test("a host's fault is its own while another answers, and the line's when all fail", () => {
  const { health, clock } = healthOf(2);
  assert.equal(health.failed("http://a", refused()).scope, "origin");
  assert.equal(health.failed("http://b", refused()).scope, "source");
  health.answered("http://b");
  assert.equal(health.failed("http://a", refused()).scope, "origin");
  clock.ms += 61_000;
  assert.equal(health.failed("http://a", refused()).scope, "origin", "one of two");
});

test("of many hosts three have to fail before it is the line; one wrong certificate never is", () => {
  const { health } = healthOf(3);
  const scopes = ["a", "b", "c", "d"].map((host) => health.failed(`http://${host}`, refused()).scope);
  assert.deepEqual(scopes, ["origin", "origin", "source", "source"]);
  assert.equal(health.failed("http://e", mistaken()).scope, "origin");
});

test("of a list of one host its fault is the source's; a proxy's is, of however many, unless others answer", () => {
  assert.equal(healthOf(1).health.failed("http://only", mistaken()).scope, "source");
  assert.equal(healthOf(1).health.failed("http://only", refused()).scope, "source");
  const { health } = healthOf(3);
  assert.equal(health.failed("http://a", mistaken("source")).scope, "source");
  health.answered("http://b");
  assert.equal(health.failed("http://a", mistaken("source")).scope, "origin");
});

for (const kind of ["throttled", "banned", "unavailable"] as const)
  test(`"${kind}" is a host's own while another answers`, () => {
    const { health } = healthOf(2);
    const error = new SourceError(kind, "no", { scope: "source" });
    assert.equal(health.judge("http://a", error).scope, "source");
    health.answered("http://b");
    assert.equal(health.judge("http://a", error).scope, "origin");
  });

test("what was seen stays what it was", () => {
  const { health } = healthOf(2);
  health.answered("http://b");
  const error = health.failed(
    "http://a",
    new SourceError("transport", "no answer in time", { scope: "origin" }),
  );
  assert.deepEqual([error.kind, error.message], ["transport", "no answer in time"]);
  const busy = health.judge(
    "http://a",
    new SourceError("throttled", "429", { status: 429, retryAfterMs: 300_000 }),
  );
  assert.deepEqual(
    [busy.kind, busy.status, busy.scope, busy.retryAfterMs],
    ["throttled", 429, "origin", undefined],
  );
});
