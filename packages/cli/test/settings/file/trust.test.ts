import assert from "node:assert/strict";
import type { Stats } from "node:fs";
import { test } from "node:test";
import { currentRunner, whyUntrusted } from "../../../src/settings/file/trust.ts";

const stats = (uid: number, mode = 0o600, gid = uid) => ({ uid, gid, mode: 0o100000 | mode }) as Stats;
const root = { uid: 0, sudoUid: undefined };

test("a file of the user, of root, and of the user who called sudo is read; another user's is not", () => {
  const why = (uid: number, runner: Parameters<typeof whyUntrusted>[3]) =>
    whyUntrusted("/x/.env", stats(uid), stats(uid), runner);
  assert.equal(why(54_321, { uid: 54_321, sudoUid: undefined }), undefined);
  assert.equal(why(0, { uid: 54_321, sudoUid: undefined }), undefined);
  assert.equal(why(54_321, { uid: 0, sudoUid: 54_321 }), undefined);
  assert.match(why(54_321, root) ?? "", /user 54321, .*`chown 0 \/x\/\.env`/);
  assert.match(why(54_321, { uid: 54_322, sudoUid: undefined }) ?? "", /user 54321/);
});

test("SUDO_UID counts for root only, because other users could set it themselves", () => {
  const runner = currentRunner({ SUDO_UID: "54321" });
  assert.equal(runner?.sudoUid, runner?.uid === 0 ? 54_321 : undefined);
  assert.equal(currentRunner({ SUDO_UID: "54321x" })?.sudoUid, undefined);
});

test("a link of another user is not followed, whatever file it leads to", () => {
  assert.match(whyUntrusted("/x/.env", stats(54_321), stats(0), root) ?? "", /user 54321/);
});

test("what all may write, or a group with others in it, is refused with the command that mends it", () => {
  const why = (mode: number, gid: number, uid = 0) =>
    whyUntrusted("/x/my file", stats(uid, mode, gid), stats(uid, mode, gid), { uid, sudoUid: undefined });
  assert.match(why(0o602, 0) ?? "", /`chmod o-w '\/x\/my file'`/);
  assert.match(why(0o660, 54_321) ?? "", /group 54321 .*: .*`chmod g-w '\/x\/my file'`/);
  assert.equal(why(0o664, 0), undefined, "root's own group");
  assert.equal(why(0o664, 54_321, 54_321), undefined, "the owner's own group, of a directory service");
  assert.match(why(0o664, 0, 54_321) ?? "", /group 0/);
  assert.equal(why(0o644, 54_321), undefined, "others may read");
});
