import assert from "node:assert/strict";
import { bytesOf, newObject } from "../scratch.ts";
import type { Conformance } from "./bench.ts";

export function looking(check: Conformance): void {
  check("returns which objects have a file in their place, in order", async ({ volume }) => {
    await volume.put(newObject("a"), bytesOf("hello"));
    assert.deepEqual(await volume.holds("photos", ["b", "a"]), [false, true]);
  });

  check("returns which files of these sizes are there, in order", async ({ volume }) => {
    await volume.put(newObject("a"), bytesOf("hello"));
    const files = [
      { path: "b", size: 5 },
      { path: "a", size: 5 },
      { path: "a", size: 6 },
    ];
    assert.deepEqual(await volume.present("photos", files), [false, true, false]);
  });

  check("names objects that were stored, the latest first, and no more than asked for", async (bench) => {
    for (const key of ["a", "b", "c"]) await bench.volume.put(newObject(key), bytesOf("hello"));
    const next = await bench.reopen();
    const [latest, other, ...more] = await next.sample("photos", 2);
    assert.deepEqual([latest?.key, latest?.size, more], ["c", 5, []]);
    assert.match(other?.key ?? "", /^[ab]$/);
    const all = await next.sample("photos", 9);
    assert.deepEqual(all.map(({ key }) => key).toSorted(), ["a", "b", "c"]);
    assert.deepEqual(await next.sample("films", 2), []);
  });

  check("a source is fresh until the volume is opened with something of it", async ({ volume, reopen }) => {
    assert.equal(volume.isFresh("photos"), true);
    await volume.put(newObject("a"), bytesOf("hello"));
    const next = await reopen();
    assert.deepEqual([next.isFresh("photos"), next.isFresh("films")], [false, true]);
  });

  check("returns its room", async ({ volume }) => {
    const { bytes, inodes } = await volume.room();
    assert.ok(bytes > 0 && inodes > 0);
  });
}
