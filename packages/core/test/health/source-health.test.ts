import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FatalError, HostError, SourceError, SourcePaused } from "../../src/index.ts";
import { refused, setUp, turn } from "./source-health-scene.ts";

describe("a refusal", () => {
  test("is the object's own when something else came that was asked for after it", async () => {
    const { judge, came, asked } = setUp();
    came("a");
    const judged = judge("b", refused());
    came("c");
    assert.deepEqual([await judged, asked], ["own", []]);
  });

  test("is not proven by what was asked for before it: one that came before is asked for again", async () => {
    const { health, judge, came, asked } = setUp();
    const begunBefore = health.begin();
    came("a");
    const judged = judge("b", refused());
    health.succeeded(begunBefore, { key: "slow" }, true);
    assert.equal(await judged, "own");
    assert.deepEqual(asked, ["slow"]);
  });

  test("is everybody's when what came before is refused, too: it pauses, and looks like a ban", async () => {
    const { judge, came, answers, pauses, leaving } = setUp();
    came("a");
    answers.set("*", refused());
    assert.equal(await judge("b", refused()), "shared");
    assert.equal(pauses[0]?.isBan, true);
    assert.match(pauses[0]?.reason ?? "", /looks like a ban: forbidden!/);
    leaving.abort();
  });

  test("is not everybody's because this machine could not send what came before: it is sent again", async () => {
    const { judge, came, answers, asked, clock } = setUp();
    came("a");
    answers.set("a", new HostError("limits", "EMFILE"));
    const judged = judge("b", refused());
    while (asked.length < 3) await turn();
    answers.clear();
    assert.equal(await judged, "own");
    assert.ok(clock.now > 3_000, "not at once");
  });

  test("of one that came before is its own fault, too, when another still comes", async () => {
    const { judge, came, answers, asked, events } = setUp();
    for (const key of ["a", "b", "c"]) came(key);
    answers.set("c", refused());
    assert.equal(await judge("d", refused()), "own");
    assert.equal(await judge("e", refused()), "own");
    assert.deepEqual([asked, events], [["c", "b", "b"], []], "who failed is not asked again");
  });

  test("is judged by what came in earlier runs, where nothing came in this one", async () => {
    const { judge, asked } = setUp({ earlier: ["old"] });
    assert.deepEqual([await judge("a", refused()), asked], ["own", ["old"]]);
  });

  test("is judged by all of earlier runs: most may be refused since, while one still comes", async () => {
    const earlier = ["1", "2", "3", "4", "5", "6", "7", "8"];
    const { judge, answers, asked, events } = setUp({ earlier });
    for (const key of earlier.slice(0, 7)) answers.set(key, refused());
    assert.equal(await judge("a", refused()), "own");
    assert.equal(await judge("b", refused()), "own");
    assert.deepEqual([asked, events], [[...earlier, "8"], []], "who failed is not asked again");
  });

  test("is judged by three of this run, which are asked once each, where there are as many", async () => {
    const { judge, came, answers, asked, leaving } = setUp({ earlier: ["1", "2", "3", "4"] });
    for (const key of ["a", "b", "b", "c", "d", "d"]) came(key);
    answers.set("*", refused());
    assert.equal(await judge("e", refused()), "shared");
    assert.deepEqual(asked, ["d", "c", "b"]);
    leaving.abort();
  });

  test("is of unknown owner when nothing ever came", async () => {
    const { judge, events } = setUp();
    assert.deepEqual([await judge("a", refused()), events], ["unknown", []]);
  });

  test("is judged together with all that came before the same probe", async () => {
    const { judge, came, asked, clock } = setUp();
    came("a");
    clock.now += 10_000;
    const judged = await Promise.all(Array.from({ length: 100 }, (_, i) => judge(`b${i}`, refused())));
    assert.ok(judged.every((one) => one === "own"));
    assert.ok(asked.length <= 3, `${asked.length} probes`);
  });
});

describe("refused credentials", () => {
  test("are the object's own while listings are given", async () => {
    const { judge, givenUp } = setUp();
    assert.equal(await judge("a", refused("unauthorized")), "unknown");
    assert.deepEqual(givenUp, []);
  });

  test("end everything when the listing refuses them twice", async () => {
    const { judge, came, answers, refuseListing, givenUp, asked, gate } = setUp();
    came("a");
    answers.set("*", refused("unauthorized"));
    refuseListing(refused("unauthorized"));
    assert.equal(await judge("b", refused("unauthorized")), "shared");
    assert.ok(givenUp[0] instanceof FatalError);
    assert.deepEqual(asked, ["a", "listing", "listing"]);
    await assert.rejects(async () => await gate.enter(), SourcePaused);
  });
});

describe("an error that may pass", () => {
  test("is the object's own while what is known to work still comes", async () => {
    const { judge, came } = setUp();
    came("a");
    assert.equal(await judge("b", refused("unavailable")), "own");
  });

  test("is the object's own where nothing ever came, until many different ones have failed", async () => {
    const { judge, pauses, leaving } = setUp();
    for (let i = 0; i < 31; i++) assert.equal(await judge(`o${i}`, refused("unavailable")), "own");
    for (let i = 0; i < 31; i++) assert.equal(await judge("o1", refused("unavailable")), "own");
    assert.equal(await judge("last", refused("unavailable")), "shared");
    assert.deepEqual(pauses, [{ reason: "unavailable!", isBan: false }]);
    leaving.abort();
  });

  test("is everybody's after three of earlier runs that get no answer: each may take long", async () => {
    const { judge, answers, asked, leaving } = setUp({ earlier: ["1", "2", "3", "4", "5"] });
    answers.set("*", refused("transport"));
    assert.equal(await judge("a", refused("transport")), "shared");
    assert.deepEqual(asked, ["1", "2", "3"]);
    leaving.abort();
  });

  test("of a whole host pauses at once, unless there are many hosts", async () => {
    const one = setUp();
    assert.equal(await one.judge("a", refused("transport", "origin")), "shared");
    assert.deepEqual(one.events, ["pause"]);
    one.leaving.abort();
    const many = setUp({ manyOrigins: true });
    for (let n = 0; n < 100; n++)
      assert.equal(await many.judge(`o${n}`, refused("transport", "origin")), "own");
    assert.equal(await many.judge("b", refused("misconfigured", "origin")), "own");
    assert.deepEqual([many.events, many.asked, many.givenUp], [[], [], []]);
  });
});

describe("a refusal by rate", () => {
  for (const isGuess of [false, true]) {
    const times = isGuess ? 4 : 16;
    test(`is not counted, unless one object is refused ${times} times; a guess: ${isGuess}`, async () => {
      const { judge, came } = setUp();
      const error = new SourceError("throttled", "no", { isGuess });
      for (let time = 1; time <= times + 1; time++) {
        came("other");
        assert.equal(await judge("a", error), time === times ? "own" : "shared");
      }
    });
  }

  test("probes with what has come before after two seconds without another request, unless the source demands a longer wait", async () => {
    const { judge, came, clock, asked, events } = setUp();
    came("known");
    await judge("a", refused("throttled"));
    assert.deepEqual(asked, []);
    clock.now += 2_000;
    await judge("b", new SourceError("throttled", "no", { retryAfterMs: 1_000 }));
    assert.deepEqual(asked, []);
    assert.equal(await judge("c", refused("throttled")), "shared");
    assert.deepEqual(asked, ["known"]);
    assert.deepEqual(events, []);
  });

  test("pauses the source when nothing else comes for half a minute", async () => {
    const { judge, clock, events, leaving } = setUp();
    assert.equal(await judge("a", refused("throttled")), "shared");
    clock.now += 30_000;
    assert.equal(await judge("b", refused("throttled")), "shared");
    assert.deepEqual(events, ["pause"]);
    leaving.abort();
  });
});

describe("a pause", () => {
  test("ends when something is answered; its probes request one thing after the other", async () => {
    const { judge, came, answers, events, asked, clock } = setUp();
    for (const key of ["a", "b", "c"]) came(key);
    answers.set("*", refused("unavailable"));
    await judge("d", refused("unavailable"));
    asked.length = 0;
    for (let i = 0; i < 30; i++) await turn();
    assert.deepEqual(asked.slice(0, 8), ["c", "d", "b", "d", "a", "d", "c", "d"]);
    answers.clear();
    for (let i = 0; i < 10; i++) await turn();
    assert.equal(events.length, 2);
    assert.match(events[1] ?? "", /^resume after \d+ s$/);
    const { length } = asked;
    clock.now += 100_000;
    for (let i = 0; i < 10; i++) await turn();
    assert.equal(asked.length, length);
  });

  test("is no object's fault that was asked for before its end, whatever is known to work after it", async () => {
    const { health, judge, came, events } = setUp();
    came("a");
    const begunBefore = health.begin();
    health.pause({ reason: "away", isBan: false });
    for (let i = 0; i < 10; i++) await turn();
    assert.match(events.join(), /pause,resume/);
    assert.equal(await judge("slow", refused(), begunBefore), "shared");
    assert.equal(await judge("asked for later", refused()), "own");
  });

  test("that begins and ends while a failure is judged is not the object's fault", async () => {
    const { health, judge, came, clock, events } = setUp();
    came("a");
    clock.now += 10_000;
    const judged = judge("b", refused("transport"));
    health.pause({ reason: "away", isBan: false });
    assert.equal(await judged, "shared");
    for (let i = 0; i < 10; i++) await turn();
    assert.match(events.join(), /pause,resume/);
  });

  test("is given up at its limit, which counts from the first failure, with what was last seen", async () => {
    const { judge, came, answers, givenUp, clock } = setUp({ limitMs: 300_000 });
    came("a");
    const began = clock.now;
    answers.set("*", refused("unavailable"));
    await judge("b", refused("unavailable"));
    for (let i = 0; i < 200 && givenUp.length === 0; i++) await turn();
    assert.match(givenUp[0]?.message ?? "", /300 s: unavailable!/);
    assert.ok(clock.now - began >= 300_000 && clock.now - began < 300_100);
  });

  test("lets no request pass, and gives back those that were held", async () => {
    const { judge, came, answers, gate, leaving } = setUp();
    came("a");
    answers.set("*", refused());
    assert.equal(gate.enter(), undefined);
    const judged = Array.from({ length: 8 }, (_, i) => judge(`b${i}`, refused()));
    const held = gate.enter();
    assert.ok(held !== undefined, "the eighth failure in a row holds the others back");
    await assert.rejects(held, SourcePaused);
    assert.ok((await Promise.all(judged)).every((one) => one === "shared"));
    await assert.rejects(async () => await gate.enter(), SourcePaused);
    leaving.abort();
  });

  test("is not begun while leaving, and ends with it", async () => {
    const { judge, came, answers, leaving, events, asked } = setUp();
    came("a");
    answers.set("*", refused());
    leaving.abort();
    assert.equal(await judge("b", refused()), "shared");
    for (let i = 0; i < 5; i++) await turn();
    assert.deepEqual([events, asked], [[], []]);
  });
});
