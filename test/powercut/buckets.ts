import { createHash } from "node:crypto";
import {
  type Bucket,
  compositeTree,
  explicitTree,
  objectsOf,
  startBucket,
  syntheticTree,
} from "../bucket/index.ts";

const mib = 1024 * 1024;
/**
 * Objects of at least this number of bytes come in segments, into a part that outlives its process.
 */
export const largeObject = mib;

/** A bucket before and after some of its objects were written over, and others added. */
export interface Buckets extends AsyncDisposable {
  readonly before: Bucket;
  readonly after: Bucket;
  /** MD5s by key. */
  readonly digests: Record<"before" | "after", ReadonlyMap<string, string>>;
}

const later = 1_700_000_000;

export async function startBuckets(): Promise<Buckets> {
  await using resources = new AsyncDisposableStack();
  const small = syntheticTree({
    directories: 25,
    filesPerDirectory: 100,
    minSize: 0,
    maxSize: 12_000,
    seed: 3,
  });
  const films = Array.from(
    { length: 6 },
    (_, index) => [`films/film${index}.mp4`, { size: mib + index * 777_777 }] as const,
  );
  const tree = compositeTree(explicitTree(films), small);
  const before = resources.use(await startBucket({ tree }));
  const after = resources.use(await startBucket({ tree }));
  for (const [index, { key, size }] of [...objectsOf(tree)].entries())
    if (index % 9 === 0) after.put(key, { size: size + 1 + (index % 3_000), modified: later });
  for (let index = 0; index < 200; index++)
    after.put(`added/a${index % 7}/p${index}.jpg`, { size: 100 + index * 37, modified: later });
  const held = resources.move();
  return {
    before,
    after,
    digests: { before: digestsOf(before), after: digestsOf(after) },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function digestsOf(bucket: Bucket): Map<string, string> {
  const digests = new Map<string, string>();
  for (const { key } of objectsOf(bucket.tree))
    digests.set(key, createHash("md5").update(bucket.bodyOf(key)).digest("hex"));
  return digests;
}
