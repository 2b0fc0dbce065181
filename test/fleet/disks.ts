import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bucket } from "../bucket/index.ts";
import { filesBelow } from "../e2e/disk.ts";

/**
 * Every key lies on at least one of the volumes with the bucket's own bytes, and nothing else does.
 * A key lies there more than once only if a host died, or lost its connection, between storing a
 * file and reporting it.
 */
export async function assertHoldsAll(
  volumes: readonly string[],
  bucket: Bucket,
  keys: readonly string[],
): Promise<void> {
  const missing = new Set(keys);
  const wanted = new Set(keys);
  for (const volume of volumes) {
    const root = join(volume, bucket.name);
    for (const path of await filesBelow(root)) {
      assert.ok(wanted.has(path), `${path} was not asked for`);
      const bytes = await readFile(join(root, path));
      assert.ok(bytes.equals(bucket.bodyOf(path)), `${path} has other bytes`);
      missing.delete(path);
    }
  }
  assert.deepEqual([...missing], []);
}
