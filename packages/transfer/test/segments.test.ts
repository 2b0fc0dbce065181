import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError, HostError, SourceError } from "@brigade/core";
import { body, broken, bytesOf, length, MemoryFile, run, turn, wholly } from "./segment-server.ts";

test("writes every byte to its place, each received once, in as many ranges as there are connections", async () => {
  const { transfer, file, meter, asked } = await run();
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.deepEqual(file.finished, [{ from: 0, to: length }]);
  assert.equal(meter.received, length);
  assert.deepEqual(
    asked.map(({ from, to }) => [from, to]),
    [
      [0, 2499],
      [2500, 4999],
      [5000, 7499],
      [7500, 9999],
    ],
  );
});

test("requests only what the file lacks", async () => {
  const there = [
    { from: 0, to: 3000 },
    { from: 4000, to: 9000 },
  ];
  const { transfer, file, meter, asked } = await run({ file: new MemoryFile(length, there) });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.equal(meter.received, 2000);
  for (const { from, to } of asked) assert.ok(there.every((piece) => to < piece.from || from >= piece.to));
});

test("goes on where a connection broke, however often, as long as bytes come between", async () => {
  const { transfer, file, meter, asked } = await run({
    play: async function* ({ from, to }) {
      yield bytesOf(from, Math.min(from + 200, to + 1));
      throw broken();
    },
    options: { retries: 1 },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.equal(meter.received, length);
  assert.ok(asked.length >= 50, `${asked.length} requests`);
});

test("a body that ends early without an error is gone on with too", async () => {
  const { transfer, file } = await run({
    play: async function* ({ from, to }) {
      yield bytesOf(from, Math.min(from + 900, to + 1));
    },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
});

test("a body that is announced as shorter than its range is followed by the next without a pause", async () => {
  const { transfer, file, asked, waits } = await run({
    open: async ({ from, to }) => {
      const short = { from, to: Math.min(to, from + 99) };
      return body(short, wholly(short));
    },
    options: { retries: 0 },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.deepEqual([asked.length, waits], [length / 100, []]);
});

test("a body that is announced as empty is not requested for ever", async () => {
  const { transfer } = await run({
    open: async (range) => ({ ...body(range, wholly({ from: 1, to: 0 })), size: 0 }),
    options: { retries: 1 },
  });
  await assert.rejects(transfer, FatalError);
});

test("a transfer that is stopped before it begins does not count as whole", async () => {
  const { transfer, asked } = await run({ signal: AbortSignal.abort() });
  await assert.rejects(transfer, { name: "AbortError" });
  assert.equal(asked.length, 0);
});

test("bytes beyond the requested range are not used", async () => {
  const { transfer, file } = await run({
    play: async function* ({ from, to }) {
      yield bytesOf(from, to + 1);
      yield new Uint8Array(300).fill(255);
    },
    options: { connections: 1 },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
});

test("a connection that is done gets half of what the slowest still has", async () => {
  const released = Promise.withResolvers<void>();
  let isSlow = true;
  let now = 0;
  const { transfer, file, asked } = await run({
    play: async function* (range) {
      if (isSlow) {
        isSlow = false;
        yield bytesOf(range.from, range.from + 100);
        await released.promise;
        yield* wholly({ ...range, from: range.from + 100 });
        return;
      }
      if (range.from > 1500 && range.to < 2500) released.resolve();
      yield* wholly(range);
    },
    parts: { now: () => (now += 10) },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.ok(
    asked.some(({ from, to }) => from === 1300 && to === 2499),
    JSON.stringify(asked),
  );
});

test("a segment is not split if it will be there in a moment", async () => {
  let now = 0;
  const { transfer, asked } = await run({
    play: (range) => wholly(range, range.from === 0 ? 50 : 100),
    parts: { now: () => (now += 0.01) },
  });
  await transfer;
  assert.equal(asked.length, 4);
});

test("waits longer from try to try, then throws; what came is safe", async () => {
  const { transfer, file, asked, waits } = await run({
    play: async function* ({ from }) {
      if (from === 0) yield bytesOf(0, 700);
      throw broken();
    },
    options: { connections: 1, retries: 3 },
  });
  await assert.rejects(
    transfer,
    (error) => error instanceof FatalError && /tried 4 times/.test(error.message),
  );
  assert.equal(asked.length, 4);
  assert.deepEqual(waits, [187.5, 375, 750]);
  assert.deepEqual(file.finished, [{ from: 0, to: 700 }]);
});

for (const kind of ["missing", "unauthorized", "misconfigured", "forbidden"] as const) {
  test(`${kind} is not tried again, and ends the others`, async () => {
    const { transfer, asked } = await run({
      open: (range, signal) =>
        range.from === 0
          ? Promise.reject(new SourceError(kind, "no"))
          : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      options: { connections: kind === "forbidden" ? 1 : 4 },
    });
    await assert.rejects(transfer, { name: "SourceError", kind });
    assert.ok(asked.length <= 4);
  });
}

test("what another's error means is not this engine's business: it ends all, what came is safe", async () => {
  const changed = new Error("the file has changed");
  const { transfer, file } = await run({
    play: async function* (range) {
      yield bytesOf(range.from, range.from + 100);
      await turn();
      if (range.from === 0) throw changed;
      yield* wholly({ ...range, from: range.from + 100 });
    },
  });
  await assert.rejects(transfer, changed);
  assert.ok(file.finished.length > 0);
});

test("a disk that fails ends all at once", async () => {
  const full = new HostError("full", "no room");
  class FullFile extends MemoryFile {
    override write(): Promise<void> {
      return Promise.reject(full);
    }
  }
  const { transfer } = await run({ file: new FullFile(length) });
  await assert.rejects(transfer, full);
});

test("an error of the disk that is reported while bytes still come ends the transfer", async () => {
  const lost = new HostError("io", "lost");
  let syncs = 0;
  class ForgetfulFile extends MemoryFile {
    override async sync(): Promise<void> {
      syncs += 1;
      if (syncs === 1) throw lost;
      await super.sync();
    }
  }
  let now = 0;
  const { transfer } = await run({ file: new ForgetfulFile(length), parts: { now: () => (now += 10) } });
  await assert.rejects(transfer, lost);
});

test("when it is interrupted, all connections end and what came is safe", async () => {
  const stop = new AbortController();
  let running = 0;
  const { transfer, file, meter } = await run({
    play: async function* (range, signal) {
      running += 1;
      try {
        for await (const chunk of wholly(range, 10)) {
          signal.throwIfAborted();
          yield chunk;
          if (meter.received > 2000) stop.abort();
        }
      } finally {
        running -= 1;
      }
    },
    signal: stop.signal,
  });
  await assert.rejects(transfer, { name: "AbortError" });
  assert.equal(running, 0);
  const safe = file.finished.reduce((sum, { from, to }) => sum + to - from, 0);
  assert.equal(safe, meter.received);
});
