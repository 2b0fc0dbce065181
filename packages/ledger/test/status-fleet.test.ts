import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { disk, following, presence } from "./status-set-up.ts";

test("a service is shown with why it pauses, as silent when it should have spoken, and then no more", async () => {
  using live = await following();
  const { clock, status } = live;
  const heardAt = clock.now();
  status.notePresence(presence({ sources: [{ name: "photos", pauses: ["the source is unwell"] }] }));
  status.notePresence(presence({ service: "lister", instance: "lister@host-0#1", host: "host-0" }));
  assert.deepEqual(
    status
      .current()
      .services.map(({ instance, sources, silentSince }) => [instance, sources[0]?.pauses, silentSince]),
    [
      ["lister@host-0#1", [], undefined],
      ["downloader@host-1#7", ["the source is unwell"], undefined],
    ],
  );
  await clock.pass(15);
  assert.equal(status.current().services[1]?.silentSince, undefined);
  await clock.pass(1);
  assert.equal(status.current().services[1]?.silentSince, heardAt + 5_000);
  status.notePresence(presence());
  assert.deepEqual(status.current().services[1]?.silentSince, undefined);
  await clock.pass(600);
  assert.deepEqual(status.current().services, []);
});

test("a service that leaves is gone at once", async () => {
  using live = await following();
  live.status.notePresence(presence());
  live.status.notePresence(presence({ leaving: true }));
  assert.deepEqual(live.status.current().services, []);
});

test("a fleet of too many services is cut off, not remembered", async () => {
  using live = await following();
  for (let i = 0; i < 5_000; i++) live.status.notePresence(presence({ instance: `x#${i}` }));
  assert.equal(live.status.current().services.length, 1_000);
});

test("a disk is shown with its room as it was said last, and what the catalogue knows to lie there", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  scripted.volumeList = [
    {
      volume: "vol-a",
      host: "host-1",
      seenAt: 5,
      free: 999,
      size: 1_000,
      objects: 3,
      bytes: 300,
      sources: [{ source: "photos", objects: 3, bytes: 300 }],
    },
    { volume: "vol-old", host: "host-0", seenAt: 5, objects: 1, bytes: 1, sources: [] },
  ];
  await clock.pass(2);
  status.notePresence(presence({ volumes: [disk(), disk({ id: "vol-new", label: "disk b" })] }));
  assert.deepEqual(
    status
      .current()
      .volumes.map(({ volume, host, label, root, free, objects }) => [
        volume,
        host,
        label,
        root,
        free,
        objects,
      ]),
    [
      ["vol-old", "host-0", undefined, undefined, undefined, 1],
      ["vol-a", "host-1", "disk a", "/mnt/a", 400, 3],
      ["vol-new", "host-1", "disk b", "/mnt/a", 400, 0],
    ],
  );
  await clock.pass(600);
  assert.deepEqual(
    status.current().volumes.map(({ volume, free, root }) => [volume, free, root]),
    [
      ["vol-old", undefined, undefined],
      ["vol-a", 999, undefined],
    ],
  );
});

test("volumes are entered into the catalogue once a minute, and when they move or are renamed", async () => {
  using live = await following();
  const { clock, scripted, status } = live;
  const told = (free: number, fields = {}, host = "host-1") => {
    status.notePresence(presence({ host, volumes: [disk({ free, ...fields })] }));
  };
  for (let second = 0; second < 120; second += 5) {
    told(1_000 - second);
    await clock.pass(5);
  }
  assert.deepEqual(
    scripted.noted.map(({ free }) => free),
    [1_000, 940],
  );
  told(5, { label: "renamed" });
  told(5, { label: "renamed" }, "host-2");
  told(5, { label: "renamed" }, "host-2");
  await clock.pass(1);
  assert.deepEqual(
    scripted.noted.slice(2).map(({ label, host }) => [label, host]),
    [
      ["renamed", "host-1"],
      ["renamed", "host-2"],
    ],
  );
});

test("a volume that could not be entered is tried again with the next word", async () => {
  using live = await following();
  const { clock, scripted, status, warned } = live;
  scripted.failure = new HostError("full", "no room");
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(1);
  assert.deepEqual([scripted.noted, warned], [[], []]);
  scripted.failure = undefined;
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(1);
  assert.deepEqual(scripted.noted, [
    { id: "vol-a", label: "disk a", host: "host-1", free: 400, size: 1_000 },
  ]);
});
