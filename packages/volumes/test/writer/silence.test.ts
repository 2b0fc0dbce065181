import assert from "node:assert/strict";
import { test } from "node:test";
import { Silence } from "../../src/writer/silence.ts";

function watch() {
  let now = 0;
  const told: number[] = [];
  const notices: number[] = [];
  const silence = new Silence(
    { onNotice: (ms) => notices.push(ms), onSilent: (ms) => told.push(ms) },
    () => now,
  );
  const pass = (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      now += 1000;
      silence.look();
    }
  };
  return { silence, told, notices, pass };
}

test("a disk that answers nothing for 30 s is silent, once", () => {
  const { silence, told, pass } = watch();
  silence.asked("put");
  pass(29);
  assert.deepEqual([told, silence.isSilent], [[], false]);
  pass(60);
  assert.deepEqual([told, silence.isSilent], [[30_000], true]);
  silence.answered("put");
  assert.equal(silence.isSilent, false);
});

test("a disk with nothing to do is not silent, however long", () => {
  const { silence, told, pass } = watch();
  silence.asked("put");
  silence.answered("put");
  pass(600);
  silence.asked("put");
  pass(20);
  assert.deepEqual(told, []);
});

test("a disk that still answers questions, but stores nothing, is silent", () => {
  const { silence, told, pass } = watch();
  silence.asked("put");
  for (let round = 0; round < 10; round += 1) {
    silence.asked("room");
    silence.answered("room");
    pass(4);
  }
  assert.equal(told.length, 1);
  silence.asked("room");
  silence.answered("room");
  assert.equal(silence.isSilent, true, "the answer to a question proves nothing");
});

test("a slow disk is heard as long as any of its answers comes, or its thread shows progress", () => {
  const { silence, told, pass } = watch();
  for (let round = 0; round < 20; round += 1) {
    silence.asked("put");
    silence.asked("put");
    pass(15);
    silence.answered("put");
    pass(15);
    silence.progressed();
  }
  assert.deepEqual(told, []);
});

test("a disk that was only slow is given twice the time from then on", () => {
  const { silence, told, pass } = watch();
  silence.asked("put");
  pass(50);
  silence.answered("put");
  silence.asked("put");
  pass(99);
  assert.deepEqual(told, [30_000]);
  pass(1);
  assert.deepEqual(told, [30_000, 100_000]);
});

test("a disk that answers nothing for 10 s is reported once; it is waited for, and given up only after 30 s", () => {
  const { silence, told, notices, pass } = watch();
  silence.asked("put");
  pass(9);
  assert.deepEqual([notices, silence.isNoticed], [[], false]);
  pass(20);
  assert.deepEqual([notices, silence.isNoticed, told], [[10_000], true, []]);
  silence.answered("put");
  assert.equal(silence.isNoticed, false);
});

test("a disk that is slow each time is reported once", () => {
  const { silence, notices, pass } = watch();
  for (let time = 1; time <= 5; time++) {
    silence.asked("put");
    pass(12);
    silence.answered("put");
  }
  assert.deepEqual(notices, [10_000]);
});
