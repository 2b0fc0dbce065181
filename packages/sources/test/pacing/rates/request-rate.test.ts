import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fixedWindow,
  type Gate,
  slidingWindow,
  tokenBucket,
  withBan,
} from "../../../../../test/field/servers/gates.ts";
import { seeded, Timeline } from "../../../../../test/timeline.ts";
import { RequestRate } from "../../../src/pacing/rates/request-rate.ts";
import { type Second, type Simulated, simulate } from "./rate-simulation.ts";

const kinds: Readonly<Record<string, (perSecond: number) => Gate>> = {
  "a token bucket": (perSecond) => tokenBucket(perSecond),
  "a token bucket of little depth": (perSecond) => tokenBucket(perSecond, perSecond / 20),
  "a fixed window": fixedWindow,
  "a sliding window": (perSecond) => slidingWindow(perSecond),
  "a sliding window that counts refusals": (perSecond) => slidingWindow(perSecond, { strict: true }),
};
const ban = { after: 50, ms: 10_000 };

/** Served requests a second, and the share of those that were not. */
function useOf(seconds: readonly Second[], from: number, to = seconds.length) {
  const some = seconds.slice(from, to);
  const sum = (of: keyof Second) => some.reduce((total, second) => total + second[of], 0);
  const refused = sum("refused") + sum("banned");
  return { served: sum("served") / some.length, refused: refused / (sum("served") + refused) };
}

function assertHeld(name: string, setup: Simulated, perSecond: number): void {
  const { seconds, bans } = simulate(setup);
  const { served, refused } = useOf(seconds, 60);
  const use = served / perSecond;
  assert.ok(use >= 0.85, `${name}: ${(100 * use).toFixed(1)} % of what is allowed`);
  assert.ok(refused <= 0.05, `${name}: ${(100 * refused).toFixed(1)} % refused`);
  assert.ok(Math.max(...bans) <= 1, `${name}: banned ${bans} times`);
}

for (const clients of [1, 2, 5]) {
  for (const [kind, gate] of Object.entries(kinds)) {
    test(`${clients} of its clients make use of ${kind}, and are seldom refused`, () => {
      for (const perSecond of [30, 300, 3000]) {
        // What comes in pairs by chance is refused by no fault of the pace.
        if (kind.includes("little depth") && perSecond < 300) continue;
        for (const retryAfterMs of [undefined, 1000]) {
          for (const latency of [
            [1, 3],
            [20, 60],
          ] as const) {
            if (perSecond * latency[1] > 32_000 * clients) continue; // they cannot ask so much
            const stays = Array.from({ length: clients }, (_, n) => ({ from: 100 * n }));
            assertHeld(
              `${perSecond}/s, Retry-After ${retryAfterMs}, latency ${latency}`,
              { gate: withBan(gate(perSecond), ban), retryAfterMs, latency, clients: stays, seconds: 120 },
              perSecond,
            );
          }
        }
      }
    });
  }
}

test("a limit of 3 a second is kept by one client and by two", () => {
  for (const clients of [1, 2]) {
    const stays = Array.from({ length: clients }, (_, n) => ({ from: 100 * n }));
    const setup = { latency: [1, 3], clients: stays, seconds: 300 } as const;
    assertHeld(`${clients} clients`, { ...setup, gate: withBan(tokenBucket(3), ban) }, 3);
    assertHeld(`${clients} clients`, { ...setup, gate: withBan(fixedWindow(3), ban) }, 3);
  }
});

test("when clients come and go, the others make room, and take what is left", () => {
  const { seconds } = simulate({
    gate: withBan(tokenBucket(300), ban),
    latency: [5, 30],
    clients: [{ from: 0 }, { from: 0, until: 120_000 }, { from: 60_000, until: 120_000 }],
    seconds: 200,
  });
  for (const [from, to] of [
    [70, 120],
    [150, 200],
  ] as const) {
    const { served, refused } = useOf(seconds, from, to);
    assert.ok(served >= 0.85 * 300 && refused <= 0.05, `${from} to ${to} s: ${served}/s, ${refused} refused`);
  }
});

test("a limit that rises is found again", () => {
  const low = tokenBucket(100);
  const high = tokenBucket(1000);
  const gate: Gate = (now) => (now < 60_000 ? low(now) : high(now));
  const { seconds } = simulate({ gate, latency: [1, 3], clients: [{ from: 0 }], seconds: 180 });
  const { served } = useOf(seconds, 120);
  assert.ok(served >= 850, `${served}/s`);
});

/** Refuses such a share of all requests, by chance. */
function byChance(share: number, seed: number): Gate {
  const random = seeded(seed);
  return () => (random() < share ? "refused" : "served");
}

for (const share of [0.15, 0.3])
  test(`${100 * share} % of refusals at any rate, by chance, slow requests down for some seconds a minute`, () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const gate = byChance(share, seed);
      const { seconds } = simulate({ gate, latency: [20, 60], clients: [{ from: 0 }], seconds: 180, seed });
      const { served } = useOf(seconds, 0);
      // 32 at once, 40 ms each.
      const natural = 800 * (1 - share);
      assert.ok(served > 0.75 * natural, `seed ${seed}: ${served}/s of ${natural}`);
    }
  });

test("a limit is found where a share was refused at any rate before", () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const before = byChance(0.3, seed);
    const bucket = withBan(tokenBucket(300), ban);
    const gate: Gate = (now) => (now < 30_000 ? before(now) : bucket(now));
    const { seconds } = simulate({ gate, latency: [20, 60], clients: [{ from: 0 }], seconds: 180, seed });
    const { served, refused } = useOf(seconds, 120);
    assert.ok(served >= 0.85 * 300 && refused <= 0.05, `seed ${seed}: ${served}/s, ${refused} refused`);
    const { refused: meanwhile } = useOf(seconds, 30, 120);
    assert.ok(meanwhile <= 0.1, `seed ${seed}: ${meanwhile} refused until then`);
  }
});

test("a limit per client does not count as refusals at any rate", () => {
  for (const [kind, gate] of Object.entries(kinds))
    for (const perSecond of [3, 30, 300])
      for (const retryAfterMs of [undefined, 1000]) {
        const setup = { gate: withBan(gate(perSecond), ban), retryAfterMs, latency: [20, 60] } as const;
        const { steady } = simulate({ ...setup, clients: [{ from: 0 }], seconds: 300 });
        assert.equal(steady, 0, `${kind}, ${perSecond}/s, Retry-After ${retryAfterMs}`);
      }
});

/** A rate with a clock that is turned by hand, and no chance. */
function setup() {
  const timeline = new Timeline();
  const rate = new RequestRate({ now: timeline.now, random: () => 0 });
  const pass = (ms: number) => timeline.runUntil(timeline.now() + ms);
  return { rate, pass };
}

test("nothing is paced before the first refusal", () => {
  const { rate } = setup();
  for (let n = 0; n < 10_000; n++) {
    assert.equal(rate.wait(), 0);
    rate.served(rate.sent());
  }
  assert.equal(rate.perSecond, Number.POSITIVE_INFINITY);
});

test("refusals that come at any rate, a few among many, slow nothing down", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 10_000; n++) {
    if (n % 16 === 3) rate.refused(rate.sent());
    else rate.served(rate.sent());
    pass(1);
  }
  assert.equal(rate.perSecond, Number.POSITIVE_INFINITY);
});

test("a rate is found when more than one request of eight is refused, and at once when the source demands a wait", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 1_000; n++) {
    if (n % 5 === 3) rate.refused(rate.sent());
    else rate.served(rate.sent());
    pass(1);
  }
  assert.ok(rate.perSecond < 1_000);
  const other = setup().rate;
  other.refused(other.sent(), 1_000);
  assert.ok(other.perSecond < 1_000);
});

test("after refusals in a row nothing is sent for a moment, then one request; when that is served the others go on", () => {
  const { rate, pass } = setup();
  const under = Array.from({ length: 9 }, () => rate.sent());
  for (const sentAt of under) rate.refused(sentAt);
  assert.equal(rate.wait(), 50);
  pass(50);
  assert.equal(rate.wait(), 0);
  const alone = rate.sent();
  pass(5_000);
  assert.equal(rate.wait(), Number.POSITIVE_INFINITY);
  rate.served(alone);
  assert.ok(rate.wait() < 1_000);
});

test("while all are refused the pauses grow to two seconds, and the rate that was learnt stays", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 1000; n++) rate.served(rate.sent());
  for (const sentAt of Array.from({ length: 8 }, () => rate.sent())) rate.refused(sentAt);
  const learnt = rate.perSecond;
  const pauses: number[] = [];
  for (let n = 0; n < 8; n++) {
    pauses.push(Math.round(rate.wait()));
    pass(rate.wait());
    rate.refused(rate.sent());
  }
  assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
  assert.ok(rate.perSecond >= learnt);
});

test("Retry-After is obeyed, up to ten minutes", () => {
  const { rate, pass } = setup();
  rate.refused(rate.sent(), 30_000);
  assert.equal(rate.wait(), 30_000);
  pass(30_000);
  rate.refused(rate.sent(), 3_600_000);
  assert.equal(rate.wait(), 600_000);
});

test("a request that breaks off is no reason to wait for it", () => {
  const { rate, pass } = setup();
  rate.refused(rate.sent());
  pass(50);
  const alone = rate.sent();
  pass(2_000);
  rate.ended(alone);
  assert.equal(rate.wait(), 0);
});

test("a rate that led to a ban is not tried again for ten minutes", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 200; n++) rate.served(rate.sent());
  assert.equal(rate.banned(rate.sent()), 201);
  assert.equal(rate.banned(rate.sent()), undefined);
  let highest = 0;
  for (let passed = 0; passed < 599_000; passed += 1000) {
    pass(1000);
    if (rate.wait() === 0) rate.served(rate.sent());
    highest = Math.max(highest, rate.perSecond);
  }
  assert.ok(highest <= 200, `${highest}/s`);
  pass(600_000);
  assert.equal(rate.perSecond, Number.POSITIVE_INFINITY);
});

test("a ban that is met while next to nothing is asked speaks of the rate before", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 200; n++) rate.served(rate.sent());
  pass(20_000);
  rate.served(rate.sent());
  assert.equal(rate.banned(rate.sent()), 200);
});

test("a ban that meets the first requests speaks of no rate, and is waited for", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 5; n++) rate.served(rate.sent());
  assert.equal(rate.banned(rate.sent()), undefined);
  assert.ok(rate.isBanned && rate.wait() > 0);
  pass(2_000);
  rate.served(rate.sent());
  pass(20_000);
  assert.ok(rate.perSecond > 100, `${rate.perSecond}/s`);
});

test("a 403 is a ban only in the wake of refusals by rate", () => {
  const { rate } = setup();
  for (let n = 0; n < 100; n++) assert.equal(rate.isBan(rate.sent()), false);
  for (let n = 0; n < 4; n++) rate.refused(rate.sent());
  assert.equal(rate.isBan(rate.sent()), false);
  rate.refused(rate.sent());
  assert.equal(rate.isBan(rate.sent()), true);
});

test("403s with no refusal before them: it is known how much was served until they began", () => {
  const { rate, pass } = setup();
  for (let n = 0; n < 200; n++) rate.served(rate.sent());
  for (let n = 0; n < 30; n++) assert.equal(rate.isBan(rate.sent()), false);
  pass(1500); // until it is found out that everything is refused
  assert.deepEqual([rate.isForbidden, rate.servedBeforeForbidden], [true, 200]);
  rate.foundBanned();
  assert.equal(rate.isBan(rate.sent()), true);
});

test("403s of single objects end with the next that is served", () => {
  const { rate } = setup();
  for (let n = 0; n < 200; n++) rate.served(rate.sent());
  rate.isBan(rate.sent());
  rate.served(rate.sent());
  assert.equal(rate.servedBeforeForbidden, 0);
});
