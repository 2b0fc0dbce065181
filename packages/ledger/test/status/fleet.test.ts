import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import type { VolumeContents, VolumeDescription } from "../../src/index.ts";
import { disk, following, presence } from "./following.ts";

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

test("a fleet of too many services is cut off, and does not fill memory", async () => {
  using live = await following();
  for (let i = 0; i < 5_000; i++) live.status.notePresence(presence({ instance: `x#${i}` }));
  assert.equal(live.status.current().services.length, 1_000);
});

test("invented disks are cut off at 10,000, and those that were there first stay", async () => {
  using live = await following();
  live.status.notePresence(presence({ volumes: [disk()] }));
  for (let i = 0; i < 20; i++) {
    const volumes = Array.from({ length: 1_000 }, (_, n) => disk({ id: `made-up-${i}-${n}` }));
    live.status.notePresence(presence({ volumes, instance: "thief", host: "thief" }));
  }
  const { volumes } = live.status.current();
  assert.equal(volumes.length, 10_000);
  assert.ok(volumes.some(({ volume }) => volume === "vol-a"));
  await live.clock.pass(1);
  assert.equal(live.scripted.noted.length, 10_000);
});

test("a volume that another host reports, too, is logged with both hosts", async () => {
  using live = await following();
  const { clock, scripted, status, warned } = live;
  const known = { volume: "vol-a", seenAt: 5, objects: 0, bytes: 0, sources: [] };
  scripted.volumeList = [{ ...known, host: "host-1" }];
  await clock.pass(2);
  status.notePresence(presence({ volumes: [disk()] }));
  assert.deepEqual(warned, []);
  status.notePresence(presence({ volumes: [disk()], host: "host-2", instance: "downloader@host-2#1" }));
  assert.deepEqual(warned, ["a volume is at another host now, as that host says"]);
  await clock.pass(1);
  assert.equal(scripted.noted.at(-1)?.host, "host-2");
});

test("a disk is shown with its last reported room, and what the catalogue has recorded there", async () => {
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

test("a volume that could not be entered is tried again with the next report", async () => {
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
    { id: "vol-a", label: "disk a", host: "host-1", free: 400, size: 1_000, gone: null },
  ]);
});

/** What the catalogue was told last of where the volume is. */
const lastGone = (scripted: { readonly noted: readonly VolumeDescription[] }) => scripted.noted.at(-1)?.gone;

test("a volume that its service reports as lost is entered as lost at once, and as here when it is back", async () => {
  using live = await following({ brokerTrouble: () => undefined });
  const { clock, scripted, status } = live;
  status.notePresence(presence({ volumes: [disk()] }));
  status.notePresence(presence({ volumes: [disk({ lost: "unmounted" })] }));
  await clock.pass(1);
  assert.deepEqual(lastGone(scripted), { lost: "unmounted" });
  assert.deepEqual(status.current().volumes[0]?.gone?.lost, "unmounted");
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(1);
  assert.equal(lastGone(scripted), null);
  assert.equal(status.current().volumes[0]?.gone, undefined);
});

test("a volume whose service leaves is gone in good order, unless another service has it, too", async () => {
  using live = await following({ brokerTrouble: () => undefined });
  const { clock, scripted, status } = live;
  const other = { instance: "downloader@host-1#8" };
  status.notePresence(presence({ volumes: [disk()] }));
  status.notePresence(presence({ ...other, volumes: [disk()] }));
  status.notePresence(presence({ ...other, volumes: [disk()], leaving: true }));
  await clock.pass(1);
  assert.equal(lastGone(scripted), null);
  status.notePresence(presence({ volumes: [disk()], leaving: true }));
  await clock.pass(60);
  assert.deepEqual(lastGone(scripted), {});
});

test("a volume whose service falls silent is lost, but not while no service can be received", async () => {
  let trouble: string | undefined = "the broker is away";
  using live = await following({ brokerTrouble: () => trouble });
  const { clock, scripted, status } = live;
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(60);
  assert.equal(lastGone(scripted), null);
  trouble = undefined;
  await clock.pass(19);
  assert.equal(lastGone(scripted), null);
  await clock.pass(4);
  assert.match(lastGone(scripted)?.lost ?? "", /nobody has been heard of it since/);
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(1);
  assert.equal(lastGone(scripted), null);
});

test("a ledger that starts enters a volume that was here as lost if no service reports it for a while", async () => {
  const known = (volume: string, fields: Partial<VolumeContents> = {}): VolumeContents => {
    return { volume, host: "host-1", seenAt: 5, objects: 1, bytes: 1, sources: [], ...fields };
  };
  const volumes = [known("vol-a"), known("vol-b", { gone: { at: 5 } }), known("vol-c")];
  using live = await following({ brokerTrouble: () => undefined, volumes });
  const { clock, scripted, status } = live;
  status.notePresence(presence({ volumes: [disk({ id: "vol-c" })] }));
  for (let words = 0; words < 5; words++) {
    await clock.pass(5);
    status.notePresence(presence({ volumes: [disk({ id: "vol-c" })] }));
  }
  assert.deepEqual(
    scripted.noted.filter(({ gone }) => gone?.lost !== undefined).map(({ id }) => id),
    ["vol-a"],
  );
});

test("a volume known only from results is lost when no service announces it; one whose service left is not", async () => {
  using live = await following({ brokerTrouble: () => undefined });
  const { clock, scripted, status } = live;
  status.notePresence(presence({ volumes: [disk()], leaving: true }));
  const known = { host: "host-1", seenAt: 5, objects: 1, bytes: 1, sources: [] };
  scripted.volumeList = ["vol-a", "vol-b"].map((volume) => ({ volume, ...known }));
  await clock.pass(19);
  assert.deepEqual(lastGone(scripted), {});
  await clock.pass(6);
  const lost = scripted.noted.filter(({ gone }) => gone?.lost !== undefined);
  assert.deepEqual(
    lost.map(({ id }) => id),
    ["vol-b"],
  );
});

test("the loss of a volume is reported again while the catalogue cannot record it", async () => {
  using live = await following({ brokerTrouble: () => undefined });
  const { clock, scripted, status } = live;
  status.notePresence(presence({ volumes: [disk()] }));
  await clock.pass(1);
  scripted.failure = new HostError("full", "no room");
  await clock.pass(30);
  scripted.failure = undefined;
  await clock.pass(2);
  assert.match(lastGone(scripted)?.lost ?? "", /nobody has been heard/);
});

test("a user of the broker that makes up disks and services leaves half the room to others", async () => {
  using live = await following();
  const { status, clock, scripted, warned } = live;
  const user = "brigade-downloader-host-3";
  for (let i = 0; i < 200; i++) {
    const volumes = Array.from({ length: 1_000 }, (_, n) => disk({ id: `made-up-${i}-${n}` }));
    status.notePresence(presence({ volumes, instance: `thief#${i % 7}`, host: "host-3" }), user);
  }
  for (let i = 0; i < 5_000; i++) status.notePresence(presence({ instance: `x#${i}`, host: "host-3" }), user);
  assert.deepEqual([status.current().volumes.length, status.current().services.length], [5_000, 500]);
  assert.equal(warned.filter((line) => line.startsWith("a user of the broker reports more")).length, 1);
  status.notePresence(presence({ volumes: [disk()] }), "brigade-downloader-host-1");
  const { volumes, services } = status.current();
  assert.ok(volumes.some(({ volume }) => volume === "vol-a"));
  assert.ok(services.some(({ instance }) => instance === "downloader@host-1#7"));
  await clock.pass(1);
  assert.equal(scripted.noted.length, 5_001);
  await clock.pass(700);
  status.notePresence(presence({ volumes: [disk({ id: "vol-b" })], host: "host-3" }), user);
  assert.ok(status.current().volumes.some(({ volume }) => volume === "vol-b"));
});

test("the reports of one user's services take 4 MiB at most, whatever is in them; earlier ones stay", async () => {
  using live = await following();
  const { status } = live;
  const said = (n: number, text: string) =>
    presence({ instance: `x#${n}`, sources: [{ name: "photos", pauses: [text] }] });
  for (let i = 0; i < 100; i++) status.notePresence(said(i, "p".repeat(100_000)), "brigade-lister");
  const { length } = status.current().services;
  assert.ok(length > 35 && length < 45, `${length} services`);
  assert.equal(status.notePresence(said(99, "p".repeat(100_000)), "brigade-lister"), undefined);
  assert.equal(status.notePresence(said(0, "well"), "brigade-lister")?.instance, "x#0");
  assert.equal(status.notePresence(said(99, "p".repeat(90_000)), "brigade-lister")?.instance, "x#99");
});
