import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Verdict } from "@brigade/core";
import { rootMessage } from "@brigade/lister";
import { RecordingLog } from "../../../../../test/logs.ts";
import { RecordingBroker } from "../../../../../test/recording-broker.ts";
import { metered } from "../../../src/service/broker/metered-broker.ts";
import { Metrics, type Standing } from "../../../src/service/listening/metrics.ts";
import { VolumeRooms } from "../../../src/service/presence/volume-rooms.ts";
import { emptyRoot, job } from "../empty-root.ts";

const root = rootMessage(job, "", {});
const stored: Message = {
  v: 1,
  type: "result",
  job,
  host: "h",
  volume: "v",
  at: 1,
  pages: [
    {
      page: "p",
      directory: "",
      objects: [
        { index: 0, name: "a", outcome: "stored", listedSize: 10, modified: 1, size: 7 },
        { index: 1, name: "b", outcome: "failed", listedSize: 10, modified: 1, reason: "no" },
      ],
    },
  ],
};

test("figures count outcomes, bytes, pages and what is in hand", async () => {
  const standing: Standing = {
    broker: "blocked",
    pauses: { photos: ["back-pressure"], docs: [] },
    fetching: { photos: { atOnce: 214, limitedBy: "the line" } },
    listing: { photos: { atOnce: 12, limitedBy: "the store" } },
  };
  const metrics = new Metrics(() => standing, new VolumeRooms(new RecordingLog()));
  const broker = new RecordingBroker();
  const counted = metered(broker, metrics);
  await counted.publish([stored, emptyRoot]);
  const verdict = Promise.withResolvers<Verdict>();
  await counted.consume({ source: "photos", queue: "directories" }, { prefetch: 1 }, () => verdict.promise);
  const delivering = broker.deliver("directories", root);
  const shown = await metrics.registry.metrics();
  for (const line of [
    'brigade_objects_total{source="photos",outcome="stored"} 1',
    'brigade_objects_total{source="photos",outcome="failed"} 1',
    'brigade_bytes_total{source="photos"} 7',
    'brigade_pages_total{source="photos"} 1',
    'brigade_deliveries_in_hand{source="photos",queue="directories"} 1',
    'brigade_paused{source="photos",reason="back-pressure"} 1',
    'brigade_fetches_in_flight{source="photos",limited_by="the line"} 214',
    'brigade_listings_in_flight{source="photos",limited_by="the store"} 12',
    'brigade_broker_state{state="blocked"} 1',
    'brigade_broker_state{state="connected"} 0',
  ])
    assert.ok(shown.split("\n").includes(line), `${line}\n${shown}`);
  verdict.resolve({ kind: "ack" });
  await delivering;
  const after = await metrics.registry.metrics();
  assert.match(after, /deliveries_in_hand\{source="photos",queue="directories"\} 0/);
  assert.match(after, /deliveries_total\{source="photos",queue="directories",verdict="ack"\} 1/);
});
