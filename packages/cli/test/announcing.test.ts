import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type Presence, presenceSchema } from "@brigade/core";
import type { LocalRoom, LocalVolume } from "@brigade/volumes";
import { Announcing } from "../src/service/announcing.ts";
import { Metrics } from "../src/service/metrics.ts";
import { VolumeRooms } from "../src/service/volume-rooms.ts";

const who = { service: "downloader", host: "h", instance: "downloader@h#7" } as const;

const gigabytes = (free: number): LocalRoom => ({
  bytes: free * 1e9,
  inodes: Number.POSITIVE_INFINITY,
  totalBytes: 4_000e9,
  totalInodes: Number.POSITIVE_INFINITY,
});

/** A volume whose disk answers when, and what, the test says. */
class SlowDisk {
  asked = 0;
  #answer = Promise.withResolvers<LocalRoom>();
  readonly volume: LocalVolume;

  constructor(id: string) {
    const room = () => {
      this.asked++;
      return this.#answer.promise;
    };
    this.volume = { id, label: `the ${id} one`, root: `/disks/${id}`, room } as unknown as LocalVolume;
  }

  async answers(room: LocalRoom | Error): Promise<void> {
    if (room instanceof Error) this.#answer.reject(room);
    else this.#answer.resolve(room);
    await Promise.allSettled([this.#answer.promise]);
    this.#answer = Promise.withResolvers();
  }
}

/** An announcing service, and a clock that the test turns. */
function announcing(context: TestContext, disks: readonly SlowDisk[] = []) {
  context.mock.timers.enable({ apis: ["setInterval", "Date"], now: 1_000_000 });
  const said: Presence[] = [];
  const pauses: Record<string, string[]> = { photos: [], docs: [] };
  const rooms = new VolumeRooms();
  rooms.add(disks.map(({ volume }) => volume));
  const sources = () => Object.entries(pauses).map(([name, reasons]) => ({ name, pauses: [...reasons] }));
  const parts = { who, sources, rooms, announce: (presence: Presence) => said.push(presence) };
  return {
    said,
    pauses,
    rooms,
    announcing: new Announcing(parts),
    free: () => said.at(-1)?.volumes.map(({ free }) => free),
    pass: (ms: number) => context.mock.timers.tick(ms),
  };
}

describe("a service", () => {
  test("says every five seconds who it is, why it pauses and how much room its disks have", async (context) => {
    const disk = new SlowDisk("red");
    const own = announcing(context, [disk]);
    await disk.answers(gigabytes(3));
    own.pauses.photos = ["no room"];
    own.pass(5_000);
    const presence: Presence = {
      v: 1,
      ...who,
      at: 1_005_000,
      everyMs: 5_000,
      sources: [
        { name: "photos", pauses: ["no room"] },
        { name: "docs", pauses: [] },
      ],
      volumes: [{ id: "red", label: "the red one", root: "/disks/red", free: 3e9, size: 4_000e9 }],
    };
    assert.deepEqual(own.said, [presence]);
    assert.deepEqual(presenceSchema.parse(own.said[0]), presence);
    own.pass(5_000);
    own.pass(5_000);
    assert.deepEqual(
      own.said.map(({ at }) => at),
      [1_005_000, 1_010_000, 1_015_000],
    );
  });

  test("says a last word, and none after it", (context) => {
    const own = announcing(context);
    own.announcing.leave();
    own.pass(60_000);
    assert.deepEqual(
      own.said.map(({ leaving }) => leaving),
      [true],
    );
  });

  test("goes on saying the last known room of a disk that hangs, and asks it no more", async (context) => {
    const [hanging, well] = [new SlowDisk("red"), new SlowDisk("blue")];
    const own = announcing(context, [hanging, well]);
    own.pass(5_000);
    assert.deepEqual(own.free(), [undefined, undefined]);
    await Promise.all([hanging.answers(gigabytes(3)), well.answers(gigabytes(20))]);
    own.pass(5_000);
    await well.answers(gigabytes(19));
    own.pass(5_000);
    await well.answers(gigabytes(18));
    own.pass(5_000);
    assert.deepEqual(own.free(), [3e9, 18e9]);
    assert.deepEqual([hanging.asked, well.asked], [2, 4]);
  });

  test("says nothing of the room of a disk that failed, until it answers again", async (context) => {
    const disk = new SlowDisk("red");
    const own = announcing(context, [disk]);
    await disk.answers(gigabytes(3));
    own.pass(5_000);
    await disk.answers(new Error("I/O error"));
    own.pass(5_000);
    assert.deepEqual(own.said.at(-1)?.volumes, [{ id: "red", label: "the red one", root: "/disks/red" }]);
    await disk.answers(gigabytes(2));
    own.pass(5_000);
    assert.deepEqual(own.free(), [2e9]);
  });

  test("may have disks of more bytes than can be counted", async (context) => {
    const disk = new SlowDisk("red");
    const own = announcing(context, [disk]);
    await disk.answers({ ...gigabytes(3), bytes: 2 ** 60, totalBytes: 2 ** 64 });
    own.pass(5_000);
    assert.ok(presenceSchema.safeParse(own.said[0]).success);
  });

  test("shows the room of its disks in its figures", async () => {
    const [known, unknown] = [new SlowDisk("red"), new SlowDisk("blue")];
    const rooms = new VolumeRooms();
    rooms.add([known.volume, unknown.volume]);
    await known.answers(gigabytes(3));
    const { registry } = new Metrics(() => ({ broker: "connected", pauses: {} }), rooms);
    const lines = (await registry.metrics()).split("\n").filter((line) => /^brigade_volume_/.test(line));
    assert.deepEqual(lines, [
      'brigade_volume_free_bytes{volume="red",label="the red one"} 3000000000',
      'brigade_volume_size_bytes{volume="red",label="the red one"} 4000000000000',
    ]);
  });
});
