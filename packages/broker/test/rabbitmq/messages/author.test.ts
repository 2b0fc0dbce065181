import assert from "node:assert/strict";
import { test } from "node:test";
import { authorOf, authorOfLetter, ofHost, refusalReason } from "../../../src/rabbitmq/messages/author.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "../../sample-messages.ts";

const by = (userId: string | undefined, author?: string, exchange = "records", routingKey = "record") => ({
  fields: { exchange: `brigade.photos.x.${exchange}`, routingKey },
  properties: {
    userId,
    headers: author === undefined ? undefined : { "x-brigade-author": author },
  },
});
const told = [directoryMessage("photos"), pageMessage("photos")];
const [files, result] = [filesMessage("photos"), resultMessage("photos")];
const nothingRequired = { isRequired: false, isDivided: false };
const divided = { isRequired: false, isDivided: true };

test("a message that is given back keeps its author where only the ledger and the admin may write", () => {
  for (const user of ["brigade-ledger", "brigade-admin", undefined]) {
    assert.equal(authorOf(by(user, "brigade-downloader", "back"), true), "brigade-downloader");
    assert.equal(authorOf(by(user, "", "back"), true), "");
  }
  for (const exchange of ["records", "listing", "work"]) {
    assert.equal(authorOf(by("brigade-lister", "brigade-admin", exchange), true), "brigade-lister");
    assert.equal(authorOf(by(undefined, "brigade-lister", exchange), true), "");
  }
});

test("a lister names the author of a directory that it gives back", () => {
  assert.equal(authorOf(by("brigade-lister", "", "listing", "directory"), true), "");
});

test("where everybody may write everything, the named author counts unless a downloader names it; for dead letters this is so everywhere", () => {
  for (const author of [(one: ReturnType<typeof by>) => authorOf(one, false), authorOfLetter]) {
    assert.equal(author(by("brigade-ledger", "brigade-downloader")), "brigade-downloader");
    assert.equal(author(by("brigade-ledger", "")), "");
    assert.equal(author(by("brigade-ledger")), "brigade-ledger");
    assert.equal(author(by("brigade-downloader", "brigade-lister")), "brigade-downloader");
    assert.equal(author(by(undefined, "brigade-lister")), "");
  }
});

test("directories and pages are accepted from everybody but downloaders; batches and results from these, too", () => {
  for (const user of ["brigade-lister", "brigade-ledger", "brigade-admin", "guest"]) {
    for (const message of [...told, files, result])
      assert.equal(refusalReason(message, user, by(user), divided), undefined);
  }
  for (const user of ["brigade-downloader", "brigade-downloader-h"]) {
    for (const message of told)
      assert.match(refusalReason(message, user, by(user), nothingRequired) ?? "", /may not tell of a/);
    for (const message of [files, result])
      assert.equal(refusalReason(message, user, by(user), { ...divided, isRequired: true }), undefined);
  }
});

test("the user of one host speaks for no other", () => {
  const user = "brigade-downloader-other";
  assert.match(refusalReason(result, user, by(user), divided) ?? "", /may not speak for the host h/);
  assert.equal(ofHost("brigade-downloader", "h"), undefined);
});

test("directories and pages without an author are accepted only where no downloader may write", () => {
  for (const message of told) {
    assert.equal(refusalReason(message, "", by(undefined), nothingRequired), undefined);
    assert.equal(refusalReason(message, "", by(undefined, undefined, "listing"), divided), undefined);
    for (const exchange of ["records", "work", "back"])
      assert.match(
        refusalReason(message, "", by(undefined, "", exchange), divided) ?? "",
        /everybody may write/,
      );
  }
  for (const message of [result, files])
    assert.equal(refusalReason(message, "", by(undefined), divided), undefined);
});

test("once authors are required, only batches are accepted without one", () => {
  const required = { ...divided, isRequired: true };
  for (const message of [...told, result])
    assert.match(refusalReason(message, "", by(undefined, "", "listing"), required) ?? "", /REQUIRE_USER_ID/);
  assert.equal(refusalReason(files, "", by(undefined), required), undefined);
});
