import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Subscription, Valve } from "../../src/index.ts";

/**
 * Remembers what was asked of it; each change takes a turn of the event loop, as a broker's would.
 */
class RecordingSubscription implements Subscription {
  readonly calls: string[] = [];
  running = true;

  async pause(): Promise<void> {
    await this.#change("pause", false);
  }

  async setPrefetch(): Promise<void> {}

  async resume(): Promise<void> {
    await this.#change("resume", true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.calls.push("dispose");
  }

  async #change(call: string, running: boolean): Promise<void> {
    this.calls.push(call);
    await new Promise((resolve) => setImmediate(resolve));
    this.running = running;
  }
}

describe("a valve", () => {
  test("pauses for the first reason and resumes when the last is gone", async () => {
    const subscription = new RecordingSubscription();
    const valve = new Valve();
    await valve.add(subscription);
    await valve.close("outage");
    await valve.close("full disk");
    await valve.open("outage");
    assert.deepEqual([subscription.calls, valve.isClosed, valve.reasons], [["pause"], true, ["full disk"]]);
    await valve.open("full disk");
    assert.deepEqual([subscription.calls, valve.isClosed], [["pause", "resume"], false]);
  });

  test("counts the same reason given twice as one", async () => {
    const subscription = new RecordingSubscription();
    const valve = new Valve();
    await valve.add(subscription);
    await valve.close("outage");
    await valve.close("outage");
    await valve.open("outage");
    assert.equal(subscription.running, true);
  });

  test("counts as closed at once, before the subscription is paused", () => {
    const valve = new Valve();
    void valve.close("outage");
    assert.equal(valve.isClosed, true);
  });

  test("is in the last requested state after quick changes", async () => {
    const subscription = new RecordingSubscription();
    const valve = new Valve();
    await valve.add(subscription);
    const turns = [valve.close("a"), valve.open("a"), valve.close("a"), valve.open("a"), valve.close("b")];
    await Promise.all(turns);
    assert.equal(subscription.running, false);
    const more = [valve.open("b"), valve.close("b"), valve.open("b")];
    await Promise.all(more);
    assert.equal(subscription.running, true);
    assert.deepEqual(
      subscription.calls.filter((call, i) => call === subscription.calls[i - 1]),
      [],
      "never told the same twice in a row",
    );
  });

  test("governs all its subscriptions, one that comes while it is closed too", async () => {
    const [early, late] = [new RecordingSubscription(), new RecordingSubscription()];
    const valve = new Valve();
    await valve.add(early);
    const closing = valve.close("outage");
    await valve.add(late);
    await closing;
    assert.deepEqual([early.running, late.running], [false, false]);
    const last = new RecordingSubscription();
    await valve.add(last);
    assert.equal(last.running, false);
    await valve.open("outage");
    assert.deepEqual([early.running, late.running, last.running], [true, true, true]);
  });
});
