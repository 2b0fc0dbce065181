import assert from "node:assert/strict";
import { test } from "node:test";
import { setup } from "../scene.ts";
import { Line } from "./line.ts";

/** Milliseconds. */
const tenSeconds = 10_000;

function assertNear(value: number, wanted: number, what: string): void {
  assert.ok(Math.abs(value - wanted) <= wanted * 0.05, `${what}: ${value}, not ${wanted}`);
}

for (const [title, sizes, places] of [
  ["many small bodies", [20_000], 64],
  ["tiny bodies", [300], 512],
  ["large bodies", [50_000_000], 64],
  ["a single connection", [5_000_000], 1],
  ["small bodies beside large ones", [20_000, 20_000, 20_000, 50_000_000], 16],
] as const) {
  test(`bytes per second are held: ${title}`, async () => {
    const line = new Line(places, { sizes, delayMs: 20, bytesPerMs: 50_000 });
    line.pacing.limit({ bandwidth: 2_000_000 });
    await line.run(tenSeconds);
    assertNear(line.came, 20_000_000, "bytes in ten seconds");
  });
}

test("requests that begin and bodies under way get their turns alike", async () => {
  const sizes = [50_000_000, 50_000_000, ...Array.from({ length: 1_000 }, () => 10_000)];
  const line = new Line(4, { sizes, delayMs: 5, bytesPerMs: 50_000 });
  line.pacing.limit({ bandwidth: 1_000_000 });
  await line.run(tenSeconds);
  assert.ok(line.ended >= 50, `only ${line.ended} small bodies beside large ones`);
  assert.ok(line.came >= line.ended * 20_000, `${line.ended} small bodies left nothing to large ones`);
});

test("a limit that is changed while bodies come holds from then on; without one all comes on", async () => {
  const line = new Line(16, { sizes: [50_000_000], delayMs: 5, bytesPerMs: 20_000 });
  line.pacing.limit({ bandwidth: 1_000_000 });
  await line.run(tenSeconds);
  const slow = line.came;
  line.pacing.limit({ bandwidth: 8_000_000 });
  await line.run(tenSeconds);
  assertNear(line.came - slow, 80_000_000, "bytes at the higher limit");
  const fast = line.came;
  line.pacing.limit({ bandwidth: 500_000 });
  await line.run(tenSeconds);
  assertNear(line.came - fast, 5_000_000, "bytes at the lower limit");
  line.pacing.limit({});
  const before = line.came;
  await line.run(1_000);
  assert.ok(line.came - before > 15_000_000, `${line.came - before} bytes without a limit`);
});

test("requests for objects and for pages have limits of their own, over all servers", async () => {
  const { pacing, given, ask, pass, serve, finish } = setup(1_000);
  await serve(400);
  pacing.limit({ requests: 50, listing: 5 });
  await ask(200, "body");
  await ask(200, "metadata", "http://b");
  await ask(100, "page");
  await ask(100, "page", "http://b");
  for (let step = 0; step < 200; step++) {
    await pass(10);
    for (const turn of given) finish(turn);
  }
  const count = (purpose: string) => given.filter((turn) => turn.purpose === purpose).length;
  const objects = count("body") + count("metadata");
  assert.ok(objects >= 100 && objects <= 107, `${objects} requests for objects in two seconds`);
  assert.ok(count("page") >= 10 && count("page") <= 12, `${count("page")} pages in two seconds`);
  pacing.limit({});
  for (let step = 0; step < 50; step++) {
    await pass(1);
    for (const turn of given) finish(turn);
  }
  assert.equal(given.length, 600);
});

test("a raised limit is obeyed at once by those that wait", async () => {
  const { pacing, given, ask, pass, serve } = setup(1_000);
  await serve(100);
  pacing.limit({ requests: 0.01 });
  await ask(50);
  await pass(1_000);
  assert.ok(given.length <= 1, `${given.length} at one request in 100 s`);
  pacing.limit({ requests: 100 });
  await pass(200);
  assert.ok(given.length >= 19, `${given.length} after the limit was raised`);
});

test("what an aborted body had paid for is given back", async () => {
  const { pacing, given, ask, pass } = setup(64);
  pacing.limit({ bandwidth: 100_000 });
  await pass(1_000);
  for (let n = 0; n < 50; n++) {
    await ask(1);
    await pass(10);
    given.at(-1)?.ended();
  }
  await ask(1);
  await pass(10);
  assert.equal(given.length, 51, "50 requests for nothing took the bytes of others");
});

test("the short way is closed while bytes or requests are limited, and open while pages are", () => {
  const { pacing } = setup(64);
  const { threads } = pacing.of("http://a");
  pacing.limit({ listing: 5 });
  assert.equal(threads.isFree, true);
  pacing.limit({ requests: 5 });
  assert.equal(threads.isFree, false);
  pacing.limit({ bandwidth: 5_000 });
  assert.equal(threads.isFree, false);
  pacing.limit({});
  assert.equal(threads.isFree, true);
});
