import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Broker, Delivery, Message, Verdict } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { type Catalogue, createLedger, openCatalogue } from "../../src/index.ts";
import { DatabaseSync } from "../../src/sqlite.ts";
import { allStored, entries, object, page, pageId, result } from "../messages.ts";
import { all, job, newCatalogue, today } from "../set-up.ts";

const day = 86_400_000;
const listed = entries(3);

/**
 * Results of made-up pages, with an index each that makes room for a million objects; a message has
 * 20 of them.
 */
function madeUp(from: number, pages = 20): Message & { type: "result" } {
  const failed = object(999_999, { name: "x", size: 1 }, "failed");
  return result(
    ...Array.from({ length: pages }, (_, i) => ({
      directory: `made-up-${from + i}`,
      volume: undefined,
      objects: [failed],
    })),
  );
}

/** As many as are kept; the next do not fit. Returns how many pages that are. */
async function fill(catalogue: Catalogue): Promise<number> {
  for (let pages = 0; pages < 2_000; pages++) {
    const [refusal] = await catalogue.recording.record([madeUp(pages, 1)]);
    if (refusal !== undefined) return pages;
  }
  throw new Error("there is no bound");
}

/** What the ledger does with each message, one after the other. */
async function verdicts(catalogue: Catalogue, messages: readonly Message[]): Promise<Verdict[]> {
  const handling: PromiseWithResolvers<(delivery: Delivery) => Promise<Verdict>> = Promise.withResolvers();
  const consume: Broker["consume"] = async (_queue, _options, handle) => {
    handling.resolve(handle);
    return {
      pause: async () => {},
      resume: async () => {},
      setPrefetch: async () => {},
      async [Symbol.asyncDispose]() {},
    };
  };
  const broker = { consume } as Broker;
  await using _ = await createLedger(
    { catalogue, broker, source: "photos", log: silentLog },
    { prefetch: 1 },
  );
  const handle = await handling.promise;
  const delivery = {
    queue: { source: "photos", queue: "records" } as const,
    author: "brigade-downloader",
    deliveries: 0,
    isRepeated: false,
    signal: new AbortController().signal,
    standAside() {},
    onOverdue() {},
  };
  const answers: Verdict[] = [];
  for (const message of messages) answers.push(await handle({ ...delivery, message }));
  return answers;
}

describe("results of pages that no lister has reported", () => {
  test("are kept up to a bound; beyond it they are given back for ten seconds, and none is dropped", async () => {
    await using made = await newCatalogue();
    const kept = await fill(made.catalogue);
    assert.ok(kept > 50 && kept < 80, `${kept} MB of made-up entries`);
    const later = allStored("a", listed);
    assert.deepEqual(await verdicts(made.catalogue, [madeUp(5_000), later]), [
      { kind: "postpone", delay: 10_000 },
      // small ones still fit
      { kind: "ack" },
    ]);
    assert.deepEqual(await all(made.catalogue.questions.where({ prefix: "made-up" })), []);
  });

  test("are recorded at once when their page is reported, and so are those of all other reported pages", async () => {
    await using made = await newCatalogue();
    await fill(made.catalogue);
    const many = result({
      directory: "a",
      volume: undefined,
      objects: [object(999_999, { name: "x", size: 1 }, "failed")],
    });
    const told = page({ directory: "a", count: 1_000_000 });
    const kinds = (await verdicts(made.catalogue, [many, told, many])).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["postpone", "ack", "ack"]);
    assert.equal((await made.catalogue.jobs.progress(job.id)).failed.objects, 1);
  });

  test("make room for others when their pages are reported, over a restart too", async () => {
    await using made = await newCatalogue();
    const pages = await fill(made.catalogue);
    await made.catalogue[Symbol.asyncDispose]();
    await using again = await openCatalogue({ path: made.path, log: silentLog, now: () => today });
    assert.notEqual((await again.recording.record([madeUp(9_000, 1)]))[0], undefined);
    const told = Array.from({ length: pages }, (_, i) =>
      page({ directory: `made-up-${i}`, count: 1_000_000 }),
    );
    await again.recording.record(told);
    assert.deepEqual(await again.recording.record([madeUp(9_000, 1)]), [undefined]);
    assert.equal((await again.jobs.progress(job.id)).failed.objects, pages);
  });

  test("of one job take no room from another's", async () => {
    await using made = await newCatalogue();
    await fill(made.catalogue);
    const films = { id: "job-2", source: "films", fingerprint: "f1" };
    await made.catalogue.jobs.open({ ...films, prefix: "", filters: {}, startedAt: 1 });
    assert.deepEqual(await made.catalogue.recording.record([{ ...madeUp(0), job: films }]), [undefined]);
  });

  test("leave nothing in the catalogue when they are refused, not even their directories", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    await fill(catalogue);
    await catalogue.recording.record([
      madeUp(7_000),
      page({ directory: "a", entries: listed }),
      result({
        directory: "elsewhere",
        id: pageId("a"),
        objects: [object(0, { name: "x", size: 1 }, "stored")],
      }),
    ]);
    await catalogue[Symbol.asyncDispose]();
    using db = new DatabaseSync(made.path, { readOnly: true });
    const found = db.prepare("select path from directories where path in ('a', 'elsewhere', 'made-up-7000')");
    assert.deepEqual(
      found.all().map(({ path }) => path),
      ["a"],
    );
  });
});

test("invented objects under the entries of a reported page count as if no page were reported", async () => {
  await using made = await newCatalogue();
  const { catalogue } = made;
  await catalogue.recording.record([page({ directory: "a", entries: listed }), allStored("a", listed)]);
  await fill(catalogue);
  // what is left of the room, to the last byte or two
  const rest = (name: string) =>
    result({ directory: name, objects: [object(0, { name, size: 1 }, "stored")] });
  for (let length = 1_000_000; length >= 1; ) {
    const [refusal] = await catalogue.recording.record([rest("r".repeat(Math.ceil(length)))]);
    if (refusal !== undefined) length = length === 1 ? 0 : Math.floor(length / 2);
  }
  const other = result({ directory: "a", objects: [object(0, { name: "another", size: 1 }, "stored")] });
  const again = allStored("a", listed);
  const kinds = (await verdicts(catalogue, [other, again])).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["postpone", "ack"]);
  assert.deepEqual(await all(catalogue.questions.where({ key: "a/another" })), []);
});

describe("volumes that are made up", () => {
  const on = (volume: string, index = 0) =>
    result({ directory: "a", volume, objects: [object(index, { name: `f${index}`, size: 1 }, "stored")] });

  test("in results are 10,000 at most: results of another volume wait until its host reports it", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    await catalogue.recording.record([page({ directory: "a", entries: listed })]);
    await catalogue.recording.record(Array.from({ length: 9_999 }, (_, i) => on(`made-up-${i}`)));
    const [first, second] = await verdicts(catalogue, [on("vol-a"), on("vol-b", 1)]);
    assert.deepEqual([first, second], [{ kind: "ack" }, { kind: "postpone", delay: 10_000 }]);
    await catalogue.recording.noteVolumes([{ id: "vol-b", host: "host-2" }], today);
    assert.deepEqual(await verdicts(catalogue, [on("vol-b", 1), on("vol-a", 2)]), [
      { kind: "ack" },
      { kind: "ack" },
    ]);
  });

  test("in announcements are deleted when there are too many; a volume that holds objects never is", async () => {
    await using made = await newCatalogue();
    const { catalogue } = made;
    await catalogue.recording.record([page({ directory: "a", entries: listed }), on("vol-a")]);
    for (let i = 0; i < 30; i++) {
      const volumes = Array.from({ length: 1_000 }, (_, n) => ({ id: `made-up-${i}-${n}`, host: "thief" }));
      await catalogue.recording.noteVolumes(volumes, today + i);
    }
    await catalogue.recording.record([on("vol-b", 1)]);
    const volumes = await catalogue.questions.volumes();
    assert.ok(volumes.length <= 10_000, `${volumes.length} volumes`);
    const full = volumes.filter(({ objects }) => objects > 0).map(({ volume }) => volume);
    assert.deepEqual(full, ["vol-a", "vol-b"]);
    const places = await all(catalogue.questions.where({ prefix: "a" }));
    assert.deepEqual(
      places.map(({ volume }) => volume),
      ["vol-a", "vol-b"],
    );
  });
});

describe("a time that lies more than a day ahead of the ledger's clock", () => {
  const at = today + 4_000 * day;
  const stored = (volume: string, when: number, more = {}) =>
    result({
      directory: "a",
      volume,
      at: when,
      objects: [object(0, { name: "x", size: 1 }, "stored", more)],
    });
  const current = async (catalogue: Catalogue) =>
    (await all(catalogue.questions.where({ key: "a/x" }))).map(({ volume, standing }) => [volume, standing]);

  test("does not make a stored state the last one for ever, be it the message's or the object's", async () => {
    let now = today;
    await using made = await newCatalogue();
    await made.catalogue[Symbol.asyncDispose]();
    await using catalogue = await openCatalogue({ path: made.path, log: silentLog, now: () => now });
    for (const forged of [stored("forged", at), stored("forged", now, { at: at / 1_000 })]) {
      await catalogue.recording.record([forged]);
      now += 60_000;
      await catalogue.recording.record([stored("true", now)]);
      assert.deepEqual(await current(catalogue), [
        ["true", "current"],
        ["forged", "duplicate"],
      ]);
      now += 60_000;
    }
  });

  test("does not keep a volume's host from saying where it is", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([stored("vol-a", at)]);
    await made.catalogue.recording.noteVolumes([{ id: "vol-a", host: "host-2", label: "red" }], today + 1);
    const [volume] = await made.catalogue.questions.volumes();
    assert.deepEqual([volume?.host, volume?.label], ["host-2", "red"]);
  });

  test("is not entered from a manifest either, unless it is less than a day ahead", async () => {
    await using made = await newCatalogue();
    const state = { key: "a/x", listedSize: 1, size: 1, modified: 1 };
    const on = (id: string) => ({ id, host: "host-1" });
    const times = [at, today + day / 2].map((one) => one / 1_000);
    for (const [i, storedAt] of times.entries()) {
      await made.catalogue.recording.restore(job, on(`vol-${i}`), [{ ...state, storedAt }]);
    }
    const found = await all(made.catalogue.questions.where({ key: "a/x" }));
    assert.deepEqual(
      found.map(({ storedAt }) => storedAt),
      [today / 1_000 + day / 2_000, today / 1_000],
    );
  });
});
