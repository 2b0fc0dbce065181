import assert from "node:assert/strict";
import { test } from "node:test";
import { Bucket } from "../bucket.ts";
import { MemoryVolume } from "../memory-volume.ts";
import { batch, setUp } from "../set-up.ts";

test("replaces a file on the volume that holds it, if there is room; what lies on several volumes is split", async () => {
  const bucket = new Bucket({ a: "hello", b: "world", c: "again" });
  const volumes = ["one", "two", "three"].map((id) => new MemoryVolume(id));
  const [, two, three] = volumes;
  assert.ok(two !== undefined && three !== undefined);
  for (const volume of volumes) volume.fresh = false;
  two.held.add("a");
  const { broker } = await setUp(bucket, { volumes });
  const storedOn = () => volumes.map(({ files }) => [...files.keys()]);
  await broker.deliver("files", batch(["a:5", "b:5"]));
  assert.deepEqual(storedOn(), [[], ["a", "b"], []]);
  three.held.add("c");
  bucket.objects.set("a", { text: "hello!", modified: 1_000 });
  const verdict = await broker.deliver("files", batch(["a:6", "c:5"]));
  assert.equal(verdict.kind, "retry");
  const remainder = verdict.kind === "retry" ? verdict.remainder : [];
  for (const message of remainder) await broker.deliver("files", message as (typeof remainder)[number]);
  assert.deepEqual(storedOn(), [[], ["b", "a"], ["c"]]);
  two.capacity = 0;
  bucket.objects.set("a", { text: "hello again", modified: 1_000 });
  await broker.deliver("files", batch(["a:11"]));
  assert.deepEqual(storedOn(), [["a"], ["b", "a"], ["c"]]);
});
