import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Control, type ControlCarrier, controlOf, type HeardControl, noOrders } from "@brigade/core";

/** One who tells and one who listens, to be closed after the test. */
export interface CarrierBench extends AsyncDisposable {
  readonly teller: ControlCarrier;
  readonly hearer: ControlCarrier;
  /** Loses what connects the hearer; absent where nothing does. */
  readonly cut?: () => Promise<void>;
}

const nobody = { downloaders: 0, listers: 0, hosts: [] };

export function controlTo(source: string, revision: number, more: object = {}): Control {
  return { ...controlOf({ ...noOrders, revision }, source, nobody, revision), ...more };
}

/** Tells it until `isHeard`: what is told before a listener is there, or a connection, is lost. */
export async function tellUntil(isHeard: () => boolean, tell: () => void): Promise<void> {
  for (let turn = 0; turn < 600 && !isHeard(); turn++) {
    tell();
    await sleep(25);
  }
  assert.ok(isHeard(), "it was told for 15 s and not heard");
}

/** What every carrier of control does. */
export function controlConformance(name: string, open: () => Promise<CarrierBench>): void {
  const check = (title: string, run: (bench: CarrierBench) => Promise<void>) =>
    test(`${name}: ${title}`, async () => {
      await using bench = await open();
      await run(bench);
    });

  check("what is told is heard as it was told", async ({ teller, hearer }) => {
    const heard: HeardControl[] = [];
    await using _ = hearer.onControl(["photos"], (one) => heard.push(one));
    const hold = { since: 5, by: "ann@desk", reason: "the line is needed: 線" };
    const told = controlTo("photos", 7, { hold });
    await tellUntil(
      () => heard.length > 0,
      () => teller.tell(told),
    );
    assert.deepEqual(heard[0], { control: told, unknown: [] });
  });

  check("parts of a newer program are ignored, and their names are heard", async ({ teller, hearer }) => {
    const heard: HeardControl[] = [];
    await using _ = hearer.onControl(["photos"], (one) => heard.push(one));
    await tellUntil(
      () => heard.length > 0,
      () => teller.tell(controlTo("photos", 1, { moon: "full" })),
    );
    assert.deepEqual(heard[0]?.unknown, ["moon"]);
  });

  check("a listener hears of its own sources only", async ({ teller, hearer }) => {
    const heard = new Set<string>();
    await using _ = hearer.onControl(["photos", "films"], ({ control }) => heard.add(control.source));
    await tellUntil(
      () => heard.has("photos") && heard.has("films"),
      () => {
        for (const source of ["other", "photos", "films"]) teller.tell(controlTo(source, 1));
      },
    );
    assert.deepEqual([...heard].sort(), ["films", "photos"]);
  });

  check("all who listen hear it", async ({ teller, hearer }) => {
    const heard = new Set<string>();
    await using _one = hearer.onControl(["photos"], () => heard.add("one"));
    await using _other = hearer.onControl(["photos"], () => heard.add("other"));
    await tellUntil(
      () => heard.size === 2,
      () => teller.tell(controlTo("photos", 1)),
    );
  });

  check("who has stopped to listen hears nothing more", async ({ teller, hearer }) => {
    const heard: number[] = [];
    let others = 0;
    const stopped = hearer.onControl(["photos"], ({ control }) => heard.push(control.revision));
    await using _ = hearer.onControl(["photos"], () => others++);
    await tellUntil(
      () => heard.length > 0,
      () => teller.tell(controlTo("photos", 1)),
    );
    await stopped[Symbol.asyncDispose]();
    const before = others;
    await tellUntil(
      () => others > before + 3,
      () => teller.tell(controlTo("photos", 2)),
    );
    assert.equal(heard.includes(2), false);
  });

  check("what is told after a loss of the connection is heard", async ({ teller, hearer, cut }) => {
    const heard = new Set<number>();
    await using _ = hearer.onControl(["photos"], ({ control }) => heard.add(control.revision));
    await tellUntil(
      () => heard.has(1),
      () => teller.tell(controlTo("photos", 1)),
    );
    await cut?.();
    await tellUntil(
      () => heard.has(2),
      () => teller.tell(controlTo("photos", 2)),
    );
  });
}
