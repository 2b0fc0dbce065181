import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ForecastDisk, forecastOf, ShrinkingRoom } from "../../src/status/forecast.ts";

const none = { objects: 0, bytes: 0 };

function job(listed: number, stored: number, listingFinished = true) {
  return {
    listed: { objects: 9, bytes: listed },
    stored: { objects: 1, bytes: stored },
    unchanged: none,
    vanished: none,
    failed: none,
    listingFinished,
  };
}

function disk(fields: Partial<ForecastDisk> = {}): ForecastDisk {
  return { volume: "v1", host: "h1", free: 100, floor: 10, rate: 0, ...fields };
}

describe("the forecast", () => {
  test("compares what is listed without an outcome with the room above the floors", () => {
    const all = [disk(), disk({ volume: "v2", free: 50, floor: 0 })];
    assert.deepEqual(forecastOf([job(300, 100)], all), {
      left: 200,
      room: 140,
      missing: 60,
      isListing: false,
      full: [],
    });
    assert.equal(forecastOf([job(300, 160)], all)?.missing, 0);
  });

  test("counts objects that vanished, failed or are unchanged as done, and adds open jobs up", () => {
    const one = {
      ...job(100, 10),
      unchanged: { objects: 1, bytes: 20 },
      vanished: { objects: 1, bytes: 30 },
    };
    const other = { ...job(50, 0, false), failed: { objects: 1, bytes: 10 } };
    const forecast = forecastOf([one, other], [disk()]);
    assert.deepEqual([forecast?.left, forecast?.isListing], [80, true]);
  });

  test("counts the room of a file system once, though two volumes lie on it", () => {
    const shared = [disk({ fileSystem: "7" }), disk({ fileSystem: "7", volume: "v2" })];
    assert.equal(forecastOf([job(300, 0)], shared)?.room, 90);
    const elsewhere = disk({ fileSystem: "7", volume: "v3", host: "h2" });
    assert.equal(forecastOf([job(300, 0)], [...shared, elsewhere])?.room, 180);
    assert.equal(forecastOf([job(300, 0)], [disk(), disk({ volume: "v2" })])?.room, 180);
  });

  test("counts a disk below its floor as full, not as a debt", () => {
    assert.equal(forecastOf([job(300, 0)], [disk({ free: 5 }), disk({ volume: "v2" })])?.room, 90);
  });

  test("names the disks that will be full, the first one first, unless all that comes fits on them", () => {
    const [slow, fast] = [disk({ rate: 1, label: "slow" }), disk({ volume: "v2", rate: 9 })];
    const full = [
      { volume: "v2", host: "h1", seconds: 10 },
      { volume: "v1", host: "h1", label: "slow", seconds: 90 },
    ];
    assert.deepEqual(forecastOf([job(300, 0)], [slow, fast])?.full, full);
    assert.deepEqual(forecastOf([job(80, 0)], [slow, fast])?.full, []);
    assert.deepEqual(forecastOf([job(80, 0, false)], [slow, fast])?.full, full, "more may be listed");
  });

  test("is not made without an open job or without a disk", () => {
    assert.equal(forecastOf([], [disk()]), undefined);
    assert.equal(forecastOf([job(1, 0)], []), undefined);
  });
});

describe("how fast a disk becomes full", () => {
  test("is taken over ten minutes, and not known before one has passed", () => {
    const room = new ShrinkingRoom();
    for (let second = 0; second <= 55; second += 5) room.note(second * 1_000, 1_000_000 - second * 100);
    assert.equal(room.rate, 0);
    for (let second = 60; second <= 1_200; second += 5) room.note(second * 1_000, 1_000_000 - second * 100);
    assert.equal(room.rate, 100);
    for (let second = 1_205; second <= 1_900; second += 5) room.note(second * 1_000, 880_000);
    assert.equal(room.rate, 0, "the ten minutes before are forgotten");
  });

  test("is nothing while its room grows", () => {
    const room = new ShrinkingRoom();
    for (let second = 0; second <= 120; second += 10) room.note(second * 1_000, 500 + second);
    assert.equal(room.rate, 0);
  });
});
