import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type LocalRoom, type Presence, presenceSchema } from "@brigade/core";
import type { LocalVolume, PlacedVolume } from "@brigade/volumes";
import { RecordingLog } from "../../../../../test/logs.ts";
import { Metrics } from "../../../src/service/listening/metrics.ts";
import { Announcing } from "../../../src/service/presence/announcing.ts";
import { type VolumeRoom, VolumeRooms } from "../../../src/service/presence/volume-rooms.ts";

const who = { service: "downloader", host: "h", instance: "downloader@h#7" } as const;

const gigabytes = (free: number): LocalRoom => ({
  bytes: free * 1e9,
  inodes: Number.POSITIVE_INFINITY,
  totalBytes: 4_000e9,
  totalInodes: Number.POSITIVE_INFINITY,
});

/** A volume whose disk is as the test says. */
class Disk {
  asked = 0;
  /** What it answers; nothing while it hangs. */
  room: LocalRoom | Error | undefined = gigabytes(3);
  standing: PlacedVolume["standing"] = { state: "ok", since: 7 };
  /** Whether the volume finds itself in its place. */
  isThere = true;
  #hanging = Promise.withResolvers<void>();
  readonly volume: LocalVolume;

  constructor(id: string) {
    const room = async () => {
      this.asked++;
      if (this.room === undefined) await this.#hanging.promise;
      if (this.room instanceof Error) throw this.room;
      return this.room;
    };
    const look = async () => (this.isThere ? { volume: { id } } : {});
    const names = { id, label: `the ${id} one`, root: `/disks/${id}` };
    this.volume = { ...names, isOpen: true, room, look } as unknown as LocalVolume;
  }

  get placed(): PlacedVolume {
    return { volume: this.volume, standing: this.standing, batches: 0 };
  }

  async answersAgain(room: LocalRoom): Promise<void> {
    this.room = room;
    this.#hanging.resolve();
    await settled();
  }
}

/** Milliseconds that an announcement waits for the answers of disks. */
const patience = 1_000;
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** An announcing service, and a clock that the test turns. */
function announcing(context: TestContext, disks: readonly Disk[] = []) {
  context.mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"], now: 1_000_000 });
  const said: Presence[] = [];
  let dueAt = 1_005_000;
  const pauses: Record<string, string[]> = { photos: [], docs: [] };
  const rooms = new VolumeRooms(new RecordingLog());
  rooms.follow({ all: disks.map(({ placed }) => placed) });
  const sources = () => Object.entries(pauses).map(([name, reasons]) => ({ name, pauses: [...reasons] }));
  const parts = { who, sources, rooms, announce: (presence: Presence) => said.push(presence) };
  return {
    said,
    pauses,
    rooms,
    announcing: new Announcing(parts),
    free: () => said.at(-1)?.volumes.map(({ free }) => free),
    /** Until the next word is said, which waits for disks that do not answer. */
    async word(): Promise<void> {
      const before = said.length;
      context.mock.timers.tick(Math.max(0, dueAt - Date.now()));
      dueAt += 5_000;
      await settled();
      if (said.length > before) return;
      context.mock.timers.tick(patience);
      await settled();
    },
  };
}

describe("a service", () => {
  test("reports every five seconds its name, why it pauses and how much room its disks have", async (context) => {
    const own = announcing(context, [new Disk("red")]);
    own.pauses.photos = ["no room"];
    await own.word();
    const presence: Presence = {
      v: 1,
      ...who,
      at: 1_005_000,
      everyMs: 5_000,
      sources: [
        { name: "photos", pauses: ["no room"] },
        { name: "docs", pauses: [] },
      ],
      volumes: [
        {
          ...{ id: "red", label: "the red one", root: "/disks/red", free: 3e9, size: 4_000e9 },
          standing: { state: "ok", since: 7 },
        },
      ],
    };
    const [word] = own.said as [Presence];
    const { lookedMs, ...room } = word.volumes[0] as VolumeRoom;
    assert.deepEqual({ ...word, volumes: [room] }, presence);
    assert.ok(Number.isInteger(lookedMs), "it says when it looked");
    assert.deepEqual(presenceSchema.parse(word), word);
    await own.word();
    await own.word();
    assert.deepEqual(
      own.said.map(({ at }) => at),
      [1_005_000, 1_010_000, 1_015_000],
    );
  });

  test("announces for the last time when it leaves, and not after that", async (context) => {
    const disk = new Disk("red");
    const own = announcing(context, [disk]);
    await settled();
    disk.room = undefined;
    context.mock.timers.tick(5_000); // a word that waits for the disk
    own.announcing.leave();
    for (let turn = 0; turn < 5; turn++) await own.word();
    assert.deepEqual(
      own.said.map(({ leaving }) => leaving),
      [true],
    );
  });

  test("goes on reporting the last room of a disk that hangs, and reads it no more", async (context) => {
    const [hanging, well] = [new Disk("red"), new Disk("blue")];
    const own = announcing(context, [hanging, well]);
    await settled();
    hanging.room = undefined;
    for (const free of [20, 19, 18]) {
      well.room = gigabytes(free);
      await own.word();
    }
    assert.deepEqual(own.free(), [3e9, 18e9]);
    assert.deepEqual([hanging.asked, well.asked], [2, 4]);
    await hanging.answersAgain(gigabytes(2));
    await own.word();
    assert.deepEqual(own.free(), [2e9, 18e9]);
  });

  test("reports no room of a disk that failed, until it answers again", async (context) => {
    const disk = new Disk("red");
    const own = announcing(context, [disk]);
    await own.word();
    assert.deepEqual(own.free(), [3e9]);
    disk.room = new Error("I/O error");
    await own.word();
    assert.deepEqual(own.free(), [undefined]);
    disk.room = gigabytes(2);
    await own.word();
    assert.deepEqual(own.free(), [2e9]);
  });

  test("reports that a disk is lost, and why, until it is in its place again", async (context) => {
    const disk = new Disk("red");
    const own = announcing(context, [disk]);
    const lost = () => own.said.at(-1)?.volumes[0]?.lost;
    await own.word();
    assert.equal(lost(), undefined);
    disk.isThere = false;
    // Why, says another thread, in its own time.
    await own.rooms.refresh();
    await own.word();
    assert.match(lost() ?? "", /\/disks\/red/);
    disk.isThere = true;
    await own.word();
    assert.equal(lost(), undefined);
  });

  test("an ejected disk is lost by order, and is not touched", async (context) => {
    const disk = new Disk("red");
    disk.standing = { state: "ejected", since: 9, reason: "by root@host" };
    const own = announcing(context, [disk]);
    await own.word();
    const [said] = own.said.at(-1)?.volumes ?? [];
    assert.deepEqual([said?.lost, said?.standing], ["it is ejected: by root@host", disk.standing]);
  });

  test("may have disks of more bytes than can be counted", async (context) => {
    const disk = new Disk("red");
    disk.room = { ...gigabytes(3), bytes: 2 ** 60, totalBytes: 2 ** 64 };
    const own = announcing(context, [disk]);
    await own.word();
    assert.ok(presenceSchema.safeParse(own.said[0]).success);
  });

  test("shows the room of its disks in its figures", async () => {
    const [known, unknown] = [new Disk("red"), new Disk("blue")];
    const rooms = new VolumeRooms(new RecordingLog());
    unknown.room = undefined;
    rooms.follow({ all: [known.placed, unknown.placed] });
    await settled();
    const { registry } = new Metrics(
      () => ({ broker: "connected", pauses: {}, fetching: {}, listing: {} }),
      rooms,
    );
    const lines = (await registry.metrics()).split("\n").filter((line) => /^brigade_volume_/.test(line));
    assert.deepEqual(lines, [
      'brigade_volume_free_bytes{volume="red",label="the red one"} 3000000000',
      'brigade_volume_state{volume="red",label="the red one",state="ok"} 1',
      'brigade_volume_state{volume="blue",label="the blue one",state="ok"} 1',
      'brigade_volume_size_bytes{volume="red",label="the red one"} 4000000000000',
    ]);
  });
});
