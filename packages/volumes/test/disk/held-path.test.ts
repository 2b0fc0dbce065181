import assert from "node:assert/strict";
import { test } from "node:test";
import { AT_FDCWD, heldPath, pathIn } from "../../src/disk/held-path.ts";

test("a path in a folder that is held is taken apart, whatever its name is", () => {
  for (const name of ["a", "a b/c", "100%\n", "../x", "."])
    assert.deepEqual(heldPath(pathIn(12, name)), { folder: 12, name });
});

test("any other path is taken as a whole, also one that looks similar", () => {
  for (const path of [
    "/mnt/disk/a",
    "a",
    "/proc/self/fd/12",
    "/proc/self/fd/12/",
    "/proc/self/fd//a",
    "/proc/self/fd/12//etc/passwd",
    "/proc/self/fd/../cwd/a",
    "/proc/self/fdinfo/3",
    "/proc/self/fd/012/a",
  ])
    assert.deepEqual(heldPath(path), { folder: AT_FDCWD, name: path });
});

test("a path with a NUL byte is refused: a system call would read it in part", () => {
  assert.throws(() => heldPath(pathIn(3, "a\0b")), TypeError);
});
