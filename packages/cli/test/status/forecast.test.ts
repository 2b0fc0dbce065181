import assert from "node:assert/strict";
import { test } from "node:test";
import type { Forecast } from "@brigade/ledger";
import { describeForecast } from "../../src/status/forecast.ts";

const enough: Forecast = { left: 10, room: 20, missing: 0, isListing: false, full: [] };
const disk = { volume: "6f1e", host: "head", seconds: 18_000 };

test("the forecast names the first disk that will be full, and what is missing", () => {
  const missing = 1.2e12;
  const full = [
    { ...disk, label: "disk1" },
    { ...disk, seconds: 20_000 },
  ];
  assert.equal(
    describeForecast({ ...enough, missing, isListing: true, full }),
    "disk1 full in 5 h; at least 1.2 TB more needed",
  );
  assert.equal(describeForecast({ ...enough, missing }), "1.2 TB more needed");
  assert.equal(describeForecast({ ...enough, full: [disk] }), "6f1e full in 5 h");
});

test("the forecast says nothing where there is room enough, as far as is known", () => {
  assert.equal(describeForecast(enough), undefined);
  assert.equal(describeForecast({ ...enough, isListing: true }), undefined);
});
