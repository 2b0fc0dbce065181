import assert from "node:assert/strict";
import { test } from "node:test";
import { type ByteRange, FatalError, HostError, SourceError } from "@brigade/core";
import { body, broken, bytesOf, length, run, turn, wholly } from "./segment-server.ts";

/** Serves so many connections at once and refuses the others. */
function narrow(most: number, refusal: Error) {
  const seen = { open: 0, peak: 0, refused: 0 };
  async function* counted(range: Required<ByteRange>) {
    try {
      yield* wholly(range, 50);
    } finally {
      seen.open -= 1;
    }
  }
  const open = async (range: Required<ByteRange>) => {
    if (seen.open === most) {
      seen.refused += 1;
      throw refusal;
    }
    seen.open += 1;
    seen.peak = Math.max(seen.peak, seen.open);
    return body(range, counted(range));
  };
  return { seen, open };
}

for (const [kind, status] of [
  ["forbidden", 403],
  ["unavailable", 503],
  ["throttled", 429],
] as const) {
  test(`a server that answers ${status} to more than two connections gets two, and the file comes`, async () => {
    const { seen, open } = narrow(2, new SourceError(kind, "too many", { status }));
    const options = { connections: 8, minSegment: 100, retries: 0 };
    const { transfer, file } = await run({ open, options });
    await transfer;
    assert.deepEqual(file.bytes, bytesOf(0, length));
    assert.equal(seen.refused, 6);
  });
}

test("a server that resets connections beyond two gets fewer, and the file comes", async () => {
  const { seen, open } = narrow(2, broken());
  const { transfer, file } = await run({ open, options: { connections: 5, minSegment: 100, retries: 2 } });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.ok(seen.refused < 20, `${seen.refused} refused`);
});

test("a process that can open no more than two connections has two, and the file comes", async () => {
  const { seen, open } = narrow(2, new HostError("limits", "EMFILE"));
  const { transfer, file } = await run({ open, options: { connections: 8, minSegment: 100, retries: 0 } });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.equal(seen.refused, 6);
});

test("a process that can open no connection at all ends the transfer with that reason", async () => {
  const { open } = narrow(0, new HostError("limits", "EMFILE"));
  const { transfer } = await run({ open, options: { connections: 3 } });
  await assert.rejects(transfer, { name: "HostError", kind: "limits" });
});

test("after a while one more connection is tried again", async () => {
  let now = 0;
  const { seen, open } = narrow(1, new SourceError("unavailable", "503", { status: 503 }));
  const { transfer } = await run({
    open: async (range) => {
      now += 20_000;
      return await open(range);
    },
    options: { connections: 4, minSegment: 100 },
    parts: { now: () => now },
  });
  await transfer;
  assert.ok(seen.refused > 3, `${seen.refused} refused`);
});

test("Retry-After is waited for, by all connections, and there are fewer afterwards", async () => {
  let now = 0;
  let answered = 0;
  const startedAt: number[] = [];
  const { transfer, file, meter } = await run({
    open: async (range) => {
      startedAt.push(now);
      if (++answered === 1) throw new SourceError("throttled", "429", { status: 429, retryAfterMs: 7000 });
      return body(range, wholly(range));
    },
    options: { connections: 1 },
    parts: {
      now: () => now,
      delay: async (ms) => {
        now += ms;
      },
    },
  });
  await transfer;
  assert.deepEqual(file.bytes, bytesOf(0, length));
  assert.equal(meter.received, length);
  assert.ok((startedAt[1] ?? 0) >= 7000, `asked again after ${startedAt[1]} ms`);
});

test("a server that demands a wait of more than ten minutes ends the transfer", async () => {
  const { transfer } = await run({
    open: () =>
      Promise.reject(new SourceError("unavailable", "503", { status: 503, retryAfterMs: 3_600_000 })),
    options: { connections: 1 },
  });
  await assert.rejects(transfer, (error) => error instanceof FatalError && /60 minutes/.test(error.message));
});

test("all connections together keep to the rate", async () => {
  let now = 0;
  const { transfer } = await run({
    options: { rate: 1000 },
    parts: {
      now: () => now,
      delay: async (ms) => {
        const until = now + ms;
        await turn();
        now = Math.max(now, until);
      },
    },
  });
  await transfer;
  assert.ok(now >= 9000 && now <= 10_000, `${length} bytes at 1000 a second took ${now} ms`);
});
