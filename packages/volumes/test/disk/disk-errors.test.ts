import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError, NameError } from "@brigade/core";
import { diskError, errorCode, placeError } from "../../src/disk/disk-errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it failed`), { code });
}

function kindOf(error: unknown): string {
  if (error instanceof HostError) return error.kind;
  return error instanceof NameError ? "object" : "?";
}

test("whose fault an error is: the object's, the disk's or the process's", () => {
  const expected = {
    object: ["EFBIG", "ENAMETOOLONG", "EILSEQ", "EOVERFLOW"],
    full: ["ENOSPC", "EDQUOT"],
    limits: ["EMFILE", "ENFILE", "ENOMEM", "EAGAIN", "EINTR"],
    "read-only": ["EROFS"],
    gone: ["ENXIO", "ESTALE", "ENODEV", "ENOTCONN"],
    io: ["EIO", "ETIMEDOUT", "EACCES", "ENOENT", "EUCLEAN", "E131"],
  };
  for (const [kind, codes] of Object.entries(expected)) {
    for (const code of codes) assert.equal(kindOf(diskError(systemError(code), "x")), kind, code);
  }
});

test("what an object's own place refuses is the object's; a disk that fails there fails", () => {
  const seen = (code: string, hasRoom = true) => {
    const error = placeError(systemError(code), "x", () => hasRoom);
    return kindOf(diskError(error, "x"));
  };
  for (const code of ["EACCES", "EPERM", "EINVAL", "EISDIR", "ENOTDIR", "ELOOP", "EMLINK", "EXDEV"])
    assert.equal(seen(code), "object", code);
  for (const code of ["EIO", "EUCLEAN"]) assert.equal(seen(code), "io", code);
  assert.equal(seen("EROFS"), "read-only");
  for (const code of ["ENODEV", "ENOTCONN", "ESTALE"]) assert.equal(seen(code), "gone", code);
  assert.equal(seen("EMFILE"), "limits");
  assert.equal(seen("ENOSPC"), "object", "its folder is full");
  assert.equal(seen("ENOSPC", false), "full", "the disk is full");
});

test("an error that Node has no name for is the system's all the same, and what is ours stays ours", () => {
  const unknown = (number: number, code = `Unknown system error -${number}`) =>
    Object.assign(systemError(code), { errno: -number });
  assert.deepEqual(
    [116, 117, 122, 131].map((number) => errorCode(unknown(number))),
    ["ESTALE", "EUCLEAN", "EDQUOT", "E131"],
  );
  assert.equal(kindOf(diskError(unknown(122, "UNKNOWN"), "x")), "full");
  const bug = new TypeError("undefined is no function");
  assert.throws(() => diskError(bug, "x"), bug);
});
