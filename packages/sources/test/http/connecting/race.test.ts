import assert from "node:assert/strict";
import { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { buildConnector } from "undici";
import { Race } from "../../../src/http/connecting/race.ts";
import { outcomesOf } from "../../../src/http/faults/unreached.ts";

const where = { hostname: "store.example", host: "store.example", protocol: "https:", port: "443" };

/** A race whose attempts a test brings to their ends; the time of its timers is the test's. */
function race(t: TestContext, addresses: readonly string[]) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sockets = new Map<string, Socket>();
  const ends = new Map<string, buildConnector.Callback>();
  const outcomes: (Error | Socket)[] = [];
  const begin = (options: buildConnector.Options, done: buildConnector.Callback) => {
    assert.equal(options.host, "store.example");
    const socket = new Socket();
    sockets.set(options.hostname, socket);
    ends.set(options.hostname, done);
    return socket;
  };
  const found = new Race(where, begin, (...[error, socket]) => void outcomes.push(error ?? socket), 10_000);
  found.run(addresses);
  return {
    outcomes,
    pass: (ms: number) => t.mock.timers.tick(ms),
    tried: () => [...sockets.keys()],
    socket: (address: string) => sockets.get(address) ?? assert.fail(`${address} was not tried`),
    reached: (address: string) => void sockets.get(address)?.emit("connect"),
    won: (address: string) => ends.get(address)?.(null, sockets.get(address) ?? assert.fail()),
    failed: (address: string, code: string) =>
      ends.get(address)?.(Object.assign(new Error(`${code} ${address}`), { code }), null),
  };
}

test("a slow address is still waited for while others are tried, and is used if it answers first", (t) => {
  const run = race(t, ["192.0.2.1", "2001:db8::1"]);
  run.pass(249);
  assert.deepEqual(run.tried(), ["192.0.2.1"]);
  run.pass(1);
  assert.deepEqual(run.tried(), ["192.0.2.1", "2001:db8::1"]);
  run.pass(3000);
  run.won("192.0.2.1");
  assert.deepEqual(run.outcomes, [run.socket("192.0.2.1")]);
  assert.equal(run.socket("2001:db8::1").destroyed, true);
  assert.equal(run.socket("192.0.2.1").destroyed, false);
  run.pass(20_000);
  assert.equal(run.outcomes.length, 1);
});

test("IPv4 and IPv6 addresses are tried alternately, beginning with the first that the name server gives", (t) => {
  const run = race(t, ["2001:db8::1", "2001:db8::2", "2001:db8::2", "192.0.2.1", "192.0.2.2", "192.0.2.3"]);
  for (let step = 0; step < 9; step++) run.pass(250);
  assert.deepEqual(run.tried(), ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"]);
});

test("the next address is tried at once when one fails", (t) => {
  const run = race(t, ["2001:db8::1", "192.0.2.1"]);
  run.failed("2001:db8::1", "ENETUNREACH");
  assert.deepEqual(run.tried(), ["2001:db8::1", "192.0.2.1"]);
  run.won("192.0.2.1");
  assert.deepEqual(run.outcomes, [run.socket("192.0.2.1")]);
});

test("no other address is tried while TLS is negotiated with one", (t) => {
  const run = race(t, ["192.0.2.1", "192.0.2.2"]);
  run.reached("192.0.2.1");
  run.pass(5000);
  assert.deepEqual(run.tried(), ["192.0.2.1"]);
  run.failed("192.0.2.1", "ECONNRESET");
  assert.deepEqual(run.tried(), ["192.0.2.1", "192.0.2.2"]);
});

test("one time limit holds for all addresses, and its error names those that did not answer", (t) => {
  const run = race(t, ["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
  run.pass(250);
  run.failed("192.0.2.1", "ECONNREFUSED");
  run.pass(9749);
  assert.equal(run.outcomes.length, 0);
  run.pass(1);
  const [error] = run.outcomes;
  assert.ok(error instanceof Error && "code" in error && error.code === "UND_ERR_CONNECT_TIMEOUT");
  assert.match(error.message, /attempted: 2001:db8::1, 192\.0\.2\.2, timeout: 10000ms/);
  assert.equal(run.socket("192.0.2.2").destroyed, true);
});

test("when all addresses fail, the error contains the errors of all", (t) => {
  const run = race(t, ["2001:db8::1", "192.0.2.1"]);
  run.failed("2001:db8::1", "ENETUNREACH");
  run.failed("192.0.2.1", "ECONNREFUSED");
  const [both] = run.outcomes;
  assert.ok(both instanceof AggregateError && both.errors.length === 2);
  assert.equal(outcomesOf(both), " (2001:db8::1: ENETUNREACH; 192.0.2.1: connection refused)");
});

test("the error lists each address if some refuse and others do not answer, not if all fail alike", (t) => {
  const run = race(t, ["2001:db8::1", "192.0.2.1"]);
  run.failed("2001:db8::1", "ECONNREFUSED");
  run.pass(10_000);
  assert.equal(
    outcomesOf(new Error("outer", { cause: run.outcomes[0] })),
    " (2001:db8::1: connection refused; 192.0.2.1: no answer in time)",
  );
});

test("if all addresses refuse, the error names none of them", (t) => {
  const run = race(t, ["2001:db8::1", "192.0.2.1"]);
  run.failed("2001:db8::1", "ECONNREFUSED");
  run.failed("192.0.2.1", "ECONNREFUSED");
  assert.equal(outcomesOf(run.outcomes[0]), "");
});

test("the error of a single address is returned unchanged", (t) => {
  const one = race(t, ["192.0.2.1"]);
  one.failed("192.0.2.1", "ECONNREFUSED");
  assert.match(String(one.outcomes[0]), /ECONNREFUSED/);
});
