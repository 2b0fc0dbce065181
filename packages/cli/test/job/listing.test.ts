import assert from "node:assert/strict";
import { test } from "node:test";
import { ListingWatch } from "../../src/job/listing.ts";
import { describeListing } from "../../src/terminal/units.ts";

const places = { running: 12, isShort: true, isAtMost: false };
const lister = { places, pauses: [] };
const free = { arePagesLimited: false };
const limited = { arePagesLimited: true };

/** Returns what is said of a lister. */
function said(
  pacing: Omit<ConstructorParameters<typeof ListingWatch>[0], "isHeldBack">,
  of: ConstructorParameters<typeof ListingWatch>[1],
  isBusy = false,
  isHeldBack = false,
): string {
  return describeListing(
    new ListingWatch({ ...pacing, isHeldBack: () => isHeldBack }, of, { isBusy: () => isBusy }).now,
  );
}

test("what keeps the number of listings down is named", () => {
  const begin = "12 listings at once, limited by";
  assert.equal(said(free, lister), `${begin} the line`);
  assert.equal(said(limited, lister, true, true), `${begin} the operator`);
  assert.equal(said(limited, lister), `${begin} the store`);
  assert.equal(said(free, lister, true), `${begin} the CPU`);
  assert.equal(said(free, { ...lister, places: { ...places, isAtMost: true } }), `${begin} the setting`);
  assert.equal(said(free, { ...lister, places: { ...places, isShort: false } }), `${begin} the directories`);
  assert.equal(said(limited, { ...lister, pauses: ["back-pressure"] }), `${begin} the fetching`);
});
