import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { NewObject } from "@brigade/core";

/** An empty folder, removed after the test. */
export function scratchFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "brigade-volumes-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const modified = 1_700_000_001;

export function newObject(key: string, more: Partial<NewObject> = {}): NewObject {
  return { source: "photos", fingerprint: "f1", job: "job-1", key, listedSize: 5, modified, ...more };
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function md5Of(bytes: Uint8Array | string): string {
  return createHash("md5").update(bytes).digest("hex");
}
