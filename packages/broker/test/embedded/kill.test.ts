import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Delivery, FatalError, type Verdict } from "@brigade/core";
import { becomes } from "../conformance/bench.ts";
import { embeddedTest } from "./bench.ts";
import { pairOf, stepsOf } from "./kill/numbered.ts";

const victim = fileURLToPath(new URL("./kill/victim.ts", import.meta.url));

/** Starts the victim; resolves with all its lines when it has been killed after so many. */
async function runAndKill(
  path: string,
  from: number,
  afterLines: number,
  { signal }: TestContext,
): Promise<string[]> {
  const child = spawn(process.execPath, [victim, path, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
    signal,
  });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === afterLines) child.kill("SIGKILL");
  }
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  return lines;
}

/** What the lines of all lives say. */
class Account {
  readonly confirmed = new Set<number>();
  /** Deliveries in order, by number and step. */
  readonly handled = new Map<string, { life: number; deliveries: number }[]>();
  /** The next life's first number. */
  next = 0;

  read(line: string, life: number): void {
    const [what, ...numbers] = line.split(" ");
    const [number = Number.NaN, step = Number.NaN, deliveries = Number.NaN] = numbers.map(Number);
    if (what === "p") this.confirmed.add(number);
    else this.handle(number, step, deliveries, life);
    this.next = Math.max(this.next, number);
  }

  handle(number: number, step: number, deliveries: number, life: number): void {
    const key = `${number}/${step}`;
    this.handled.set(key, [...(this.handled.get(key) ?? []), { life, deliveries }]);
  }
}

embeddedTest(
  "killed at any moment, it loses no confirmed message and counts every delivery that died",
  async (bench, context) => {
    const account = new Account();
    const lives = 8;
    for (let life = 0; life < lives; life++) {
      const afterLines = 1 + Math.floor(Math.random() ** 2 * 4_000);
      for (const line of await runAndKill(bench.path, account.next, afterLines, context))
        account.read(line, life);
      // Some were published and died before they could say so: their numbers are not used again.
      account.next += 100;
    }

    const broker = await bench.broker({
      now: Date.now,
      delay: (ms, signal) => sleep(ms, undefined, { signal }),
    });
    const finish = async ({ message, deliveries }: Delivery): Promise<Verdict> => {
      const { number, step } = pairOf(message);
      account.handle(number, step, deliveries, lives);
      return { kind: "ack" };
    };
    await broker.consume({ source: "photos", queue: "files" }, { prefetch: 32 }, finish);
    await broker.consume({ source: "photos", queue: "retry" }, { prefetch: 32 }, finish);
    await becomes(
      async () => Object.values(await broker.busy("photos")).every((count) => count === 0),
      context,
    );

    assert.ok(account.confirmed.size > 0);
    for (const number of account.confirmed) {
      const first = account.handled.get(`${number}/0`);
      assert.ok(first, `${number} was confirmed and never delivered`);
      const retried = stepsOf(number) > 0 && !first.some(({ life }) => life === lives);
      if (retried) assert.ok(account.handled.has(`${number}/1`), `the retry of ${number} is lost`);
    }
    for (const [key, deliveries] of account.handled) {
      deliveries.forEach(({ life, deliveries: count }, before) => {
        assert.ok(count >= before, `${key} was handled ${before} times before, and that counted as ${count}`);
        assert.ok(count <= life, `${key} was counted ${count} times in ${life} deaths`);
      });
    }
  },
);

embeddedTest(
  "a second process is refused with a clear line, and gets the queues when the first is dead",
  async (bench, context) => {
    const child = spawn(process.execPath, [victim, bench.path], {
      stdio: ["ignore", "pipe", "inherit"],
      signal: context.signal,
    });
    const exited = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.resume();
    await assert.rejects(bench.broker(), (error: unknown) => {
      assert.ok(error instanceof FatalError);
      assert.ok(error.message.startsWith(`the queue database ${bench.path} is in use by another process`));
      return true;
    });
    child.kill("SIGKILL");
    await exited;
    await bench.broker();
  },
);

embeddedTest(
  "a write error of the disk confirms nothing and is the broker's end; what was confirmed is there",
  async (bench, { signal }) => {
    // A file that may not grow on: writing fails with EFBIG, which is an I/O error to SQLite.
    const limited = `trap "" XFSZ; ulimit -f 4096; exec "$0" "$@"`;
    const child = spawn("sh", ["-c", limited, process.execPath, victim, bench.path], {
      stdio: ["ignore", "pipe", "inherit"],
      signal,
    });
    const exited = once(child, "exit");
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    assert.deepEqual(await exited, [7, null]);
    const confirmed = lines.filter((line) => line.startsWith("p")).length;
    assert.ok(confirmed > 0);
    assert.equal(
      lines.findIndex((line) => line.startsWith("e")),
      lines.length - 1,
    );
    assert.equal(lines.at(-1), "e io");

    const broker = await bench.broker();
    const delivered = new Set(lines.filter((line) => line.startsWith("h")).map((line) => line.split(" ")[1]));
    const { ready, delayed } = await broker.busy("photos");
    assert.ok(delivered.size + ready + delayed >= confirmed);
  },
);
