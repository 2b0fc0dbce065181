import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomOf } from "../../../../test/random.ts";
import { type Suspicion, treat } from "../../src/index.ts";

interface World {
  /** Milliseconds that the nth process lives, whatever it handles. */
  readonly life: (n: number) => number;
  /** Milliseconds that the work takes. */
  readonly takes: number;
  /** Milliseconds after which a process that handles the work dies of it. */
  readonly kills?: number;
  readonly pieces?: number;
}

interface Ending {
  readonly kind: "stored" | "deadly" | "never";
  /** Processes that died with it in hand. */
  readonly deaths: number;
  /** Milliseconds. */
  readonly after: number;
}

/**
 * One message and one process at a time, each started a second after the death of the one before.
 */
function live({ life, takes, kills = Number.POSITIVE_INFINITY, pieces = 1 }: World): Ending {
  const state = { pieces, suspicion: undefined as Suspicion | undefined, losses: 0 };
  let now = 0;
  let ready = 0;
  let deaths = 0;
  let isAlone = false;
  for (let n = 0; n < 2_000; n++) {
    const born = now + 1_000;
    const end = born + life(n);
    now = born;
    isAlone = false;
    for (;;) {
      now = Math.max(now, ready);
      if (now >= end) break;
      const treatment = treat({ ...state, lived: now - born, isAlone });
      if (treatment.kind === "deadly") return { kind: "deadly", deaths, after: now };
      if (treatment.kind === "later") {
        isAlone = treatment.prepare;
        state.suspicion = treatment.suspicion;
        state.losses = 0;
        ready = now + treatment.delay;
        // The share in which the deadly one is: the others are stored.
        if (treatment.split) state.pieces = Math.ceil(state.pieces / 8);
        continue;
      }
      const window = treatment.kind === "alone" ? treatment.windowMs : Number.POSITIVE_INFINITY;
      const until = now + Math.min(takes, kills, window);
      if (until >= end || kills <= Math.min(takes, window)) {
        now = Math.min(end, until);
        state.losses++;
        deaths++;
        break;
      }
      now = until;
      if (takes <= window || treatment.kind === "ordinary") return { kind: "stored", deaths, after: now };
      if (treatment.kind === "alone") state.suspicion = treatment.survived;
      state.losses = 0;
      ready = now + 1_000;
    }
    now = Math.max(now, Math.min(end, now));
  }
  return { kind: "never", deaths, after: now };
}

describe("blameless work", () => {
  test("is never called deadly by processes that are killed every so often, and is stored when that ends", () => {
    for (let period = 500; period <= 120_000; period += 250) {
      const ending = live({ life: (n) => (n < 30 ? period : 1e9), takes: 150_000 });
      assert.equal(ending.kind, "stored", `killed every ${period} ms: ${JSON.stringify(ending)}`);
    }
  });

  test("is stored in spite of kills when it takes less time than a process lives", () => {
    for (let period = 2_500; period <= 60_000; period += 250) {
      const ending = live({ life: () => period, takes: period / 2 - 1_000 });
      assert.equal(ending.kind, "stored", `killed every ${period} ms: ${JSON.stringify(ending)}`);
    }
  });

  test("is not called deadly by kills at random moments", () => {
    const endings = Array.from({ length: 2_000 }, (_, seed) => {
      const random = randomOf(seed);
      const mean = 2_000 + 60_000 * random();
      return live({ life: (n) => (n < 30 ? -mean * Math.log(1 - random()) : 1e9), takes: 100_000 });
    });
    // Chance alone can make it look so: thirty kills, most of them in the few moments in which it
    // is on trial.
    const deadly = endings.filter(({ kind }) => kind === "deadly").length;
    assert.ok(deadly <= endings.length / 200, `${deadly} of ${endings.length}`);
  });
});

describe("deadly work", () => {
  for (const kills of [0, 500, 2_000, 10_000, 30_000])
    test(`that ends its process after ${kills} ms is found out, after few deaths`, () => {
      const ending = live({ life: () => 1e9, takes: 1e9, kills, pieces: 64 });
      assert.equal(ending.kind, "deadly");
      assert.ok(ending.deaths <= (kills > 2_000 ? 20 : 9), `${ending.deaths} deaths`);
    });

  test("that is at the end of its process at once is found out within minutes", () => {
    const { after, deaths } = live({ life: () => 1e9, takes: 1e9, kills: 100, pieces: 64 });
    assert.ok(after < 200_000 && deaths <= 9, `${deaths} deaths, ${after} ms`);
  });
});

test("a message that was lost once is handled like any other", () => {
  const evidence = { suspicion: undefined, pieces: 64, lived: 0, isAlone: false };
  assert.deepEqual(treat({ ...evidence, losses: 1 }), { kind: "ordinary" });
  assert.equal(treat({ ...evidence, losses: 2 }).kind, "later");
});

test("another process passes on what one asked for, once", () => {
  const asked = { stage: "alone", deaths: 0, age: 10_000, rested: 0 } as const;
  const evidence = { losses: 0, pieces: 1, lived: 500_000, isAlone: false };
  const passed = treat({ ...evidence, suspicion: asked });
  assert.ok(passed.kind === "later" && !passed.prepare && passed.suspicion.stage === "alone");
  const again = treat({ ...evidence, suspicion: passed.suspicion });
  assert.ok(again.kind === "later" && again.prepare);
});
