import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refused, setUp, turn } from "./source-health-scene.ts";

const subjects = (...keys: string[]) => keys.map((key) => ({ key }));
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe("what is listed unchanged", () => {
  test("is asked for before all else of earlier runs, which are not looked up when it comes", async () => {
    const { health, judge, asked, lookUps } = setUp({ earlier: ["old"] });
    health.witnesses.addUnchanged(subjects("same"));
    assert.equal(await judge("a", refused()), "own");
    assert.deepEqual([asked, lookUps()], [["same"], 0]);
  });

  test("is followed by what else is known of earlier runs when all of it is refused", async () => {
    const { health, judge, answers, asked } = setUp({ earlier: ["old"] });
    health.witnesses.addUnchanged(subjects("x", "y"));
    for (const key of ["x", "y"]) answers.set(key, refused());
    assert.equal(await judge("a", refused()), "own");
    assert.deepEqual(asked, ["x", "y", "old"]);
  });

  test("is not asked again where it was refused while another came, even if it is named again", async () => {
    const { health, judge, answers, asked } = setUp();
    health.witnesses.addUnchanged(subjects("x", "y", "z"));
    for (const key of ["x", "y"]) answers.set(key, refused());
    for (const key of ["a", "b", "c"]) {
      assert.equal(await judge(key, refused()), "own");
      health.witnesses.addUnchanged(subjects("x", "y"));
    }
    assert.deepEqual(asked, ["x", "y", "z", "z", "z"]);
  });

  test("is asked for in the order in which it was named, but what has come once stays the first", async () => {
    const { health, judge, answers, asked } = setUp();
    health.witnesses.addUnchanged(subjects("x"));
    await judge("a", refused());
    health.witnesses.addUnchanged(subjects("y"));
    await judge("b", refused());
    answers.set("x", refused());
    assert.equal(await judge("c", refused()), "own");
    assert.deepEqual(asked, ["x", "x", "x", "y"]);
  });

  test("is kept to the latest 24, and each is asked once before the source is paused", async () => {
    const { health, judge, answers, asked, leaving, events } = setUp();
    answers.set("*", refused());
    for (const key of numbered("n", 1_000)) health.witnesses.addUnchanged(subjects(key));
    assert.equal(await judge("a", refused()), "shared");
    assert.deepEqual(asked, numbered("n", 1_000).reverse().slice(0, 24));
    assert.deepEqual(events, ["pause"]);
    leaving.abort();
  });

  test("ends a pause at the next probe when it is found in the pause, and comes", async () => {
    const { health, judge, answers, asked, events } = setUp({ earlier: numbered("old", 8) });
    for (const key of [...numbered("old", 8), "a", "x"]) answers.set(key, refused());
    assert.equal(await judge("a", refused()), "shared");
    const probed = () => asked.filter((key) => key === "a").length;
    while (probed() < 3) await turn();
    asked.length = 0;
    health.witnesses.addUnchanged(subjects("x", "same"));
    while (events.length < 2) await turn();
    assert.match(events.join(), /^pause,resume/);
    assert.deepEqual([asked.slice(-2), probed() <= 1], [["x", "same"], true]);
    assert.equal(await judge("a", refused()), "own");
  });

  test("is not asked for in a pause where it was refused while another came, even if it is named again", async () => {
    const { health, judge, answers, asked, leaving } = setUp();
    health.witnesses.addUnchanged(subjects("x", "y"));
    answers.set("x", refused());
    assert.equal(await judge("a", refused()), "own");
    health.witnesses.addUnchanged(subjects("x"));
    answers.set("*", refused());
    asked.length = 0;
    assert.equal(await judge("b", refused()), "shared");
    for (let i = 0; i < 30; i++) await turn();
    assert.deepEqual([...new Set(asked)].sort(), ["b", "y"]);
    leaving.abort();
  });

  test("is asked for two at a time in a pause, and the rest at later probes", async () => {
    const { health, judge, answers, asked, leaving } = setUp({ earlier: ["old"] });
    answers.set("*", refused());
    assert.equal(await judge("a", refused()), "shared");
    asked.length = 0;
    health.witnesses.addUnchanged(subjects(...numbered("n", 6)));
    // Each probe ends with what failed.
    while (asked.filter((key) => key === "a").length < 5) await turn();
    const probes = asked.join(" ").split(" a");
    for (const probe of probes) assert.ok(probe.trim().split(" ").length <= 3, probe);
    for (const key of numbered("n", 6)) assert.ok(asked.includes(key), key);
    leaving.abort();
  });
});
