import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { turn } from "../../../../test/recording-broker.ts";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, namesOf, setUp } from "../set-up.ts";

for (const [whose, where] of [
  ["disk", "volume"],
  ["connection", "source"],
] as const) {
  test(`a process that can open no more files (for a ${whose}) fetches fewer objects at once, and retires no disk`, async () => {
    const names = Array.from({ length: 64 }, (_, index) => `f${index}`);
    const [volume, bucket] = [
      new MemoryVolume("v1"),
      new Bucket(Object.fromEntries(names.map((name) => [name, "1"]))),
    ];
    let [atOnce, most, allowed] = [0, 0, 10];
    const limit = () => {
      if (atOnce > allowed) throw new HostError("limits", "EMFILE");
    };
    bucket.failing = async () => {
      most = Math.max(most, ++atOnce);
      await turn();
      try {
        if (where === "source") limit();
      } finally {
        setImmediate(() => atOnce--);
      }
    };
    if (where === "volume") volume.failing = limit;
    const { broker, placement, lines, clock, downloader } = await setUp(bucket, {
      volumes: [volume],
      options: { concurrency: 16 },
    });
    let left = names;
    for (let round = 0; left.length > 0 && round < 20; round++) {
      most = 0;
      const verdict = await broker.deliver(
        "retry",
        batch(
          left.map((name) => `${name}:1`),
          4,
        ),
      );
      left =
        verdict.kind === "retry"
          ? verdict.remainder.flatMap((one) => (one.type === "files" ? namesOf(one) : []))
          : [];
      clock.now += 20_000;
    }
    assert.deepEqual(left, []);
    assert.ok(most <= allowed, `${most} at once`);
    assert.equal(volume.files.size, names.length);
    assert.deepEqual([[...placement.retired], downloader.pauses], [[], []]);
    assert.deepEqual(lines, ["this process has reached a limit: less is done at once from now on"]);
  });
}
