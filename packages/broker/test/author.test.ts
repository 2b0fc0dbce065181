import assert from "node:assert/strict";
import { test } from "node:test";
import { authorOf, disbelief, ofHost } from "../src/rabbitmq/author.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "./sample-messages.ts";

const by = (userId: string | undefined, author?: string) => ({
  userId,
  headers: author === undefined ? undefined : { "x-brigade-author": author },
});
const told = [directoryMessage("photos"), pageMessage("photos")];
const [files, result] = [filesMessage("photos"), resultMessage("photos")];

test("who gives a message back names its author, and is believed unless it is a downloader", () => {
  assert.equal(authorOf(by("brigade-ledger", "brigade-downloader")), "brigade-downloader");
  assert.equal(authorOf(by("brigade-ledger", "")), "");
  assert.equal(authorOf(by("brigade-ledger")), "brigade-ledger");
  assert.equal(authorOf(by("brigade-downloader", "brigade-lister")), "brigade-downloader");
  assert.equal(authorOf(by(undefined, "brigade-lister")), "");
});

test("directories and pages are believed of everybody but downloaders, batches and results of these, too", () => {
  for (const user of ["brigade-lister", "brigade-ledger", "brigade-admin", "guest", undefined]) {
    for (const message of [...told, files, result])
      assert.equal(disbelief(message, by(user), false), undefined);
  }
  for (const user of ["brigade-downloader", "brigade-downloader-h"]) {
    for (const message of told) assert.match(disbelief(message, by(user), false) ?? "", /may not tell of a/);
    for (const message of [files, result]) assert.equal(disbelief(message, by(user), true), undefined);
  }
});

test("the user of one host speaks for no other", () => {
  assert.match(
    disbelief(result, by("brigade-downloader-other"), false) ?? "",
    /may not speak for the host h/,
  );
  assert.equal(ofHost("brigade-downloader", "h"), undefined);
});

test("what has no author is believed until authors are required; batches always", () => {
  for (const message of [...told, result]) {
    assert.equal(disbelief(message, by(undefined), false), undefined);
    assert.match(disbelief(message, by(undefined), true) ?? "", /REQUIRE_USER_ID/);
    assert.match(disbelief(message, by("brigade-ledger", ""), true) ?? "", /REQUIRE_USER_ID/);
  }
  assert.equal(disbelief(files, by(undefined), true), undefined);
});
