import assert from "node:assert/strict";
import { SourceError, type SourceErrorKind } from "@brigade/core";

/** For `assert.rejects`: a SourceError of this kind whose message fits. */
export function failure(kind: SourceErrorKind, pattern = /./): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof SourceError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, pattern);
    return true;
  };
}

/** What `open` or `stat` threw, as a SourceError. */
export async function caught(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof SourceError, String(error));
    return error;
  }
  return assert.fail("nothing was thrown");
}
