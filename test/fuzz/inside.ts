import assert from "node:assert/strict";
import { resolve, sep } from "node:path";
import { NameError } from "@brigade/core";
import { mapKey, type Traits } from "@brigade/volumes";

const root = "/volume/source";
const disks: readonly Traits[] = [
  { caseSensitive: true, anyCharacter: true, nameMax: 255 },
  { caseSensitive: false, anyCharacter: false, nameMax: 64 },
];

/**
 * Fails unless the key's path lies below its source's folder on every disk, or no disk takes it.
 */
export function assertInside(key: string): void {
  for (const traits of disks) {
    try {
      const path = mapKey(key, traits);
      const full = resolve(root, path);
      assert.ok(
        full.startsWith(root + sep) && !path.includes("\0"),
        `${JSON.stringify(key)} leaves the volume: ${path}`,
      );
    } catch (error) {
      if (!(error instanceof NameError)) throw error;
    }
  }
}
