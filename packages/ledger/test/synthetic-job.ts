import { type Outcome, outcomeSchema } from "@brigade/core";
import { below, randomOf } from "../../../test/random.ts";
import type { RecordMessage, Sums } from "../src/index.ts";
import { type Entry, entries, object, page, pageId, result, unchanged } from "./messages.ts";

export interface SyntheticJob {
  /** As a lister and downloaders would send them, more or less in order. */
  readonly messages: readonly RecordMessage[];
  /** Found without the ledger. */
  readonly sums: Sums;
  readonly volumes: Readonly<Record<string, { objects: number; bytes: number }>>;
  readonly directories: number;
  readonly pages: number;
}

interface Reported {
  readonly entry: Entry;
  readonly outcome: Outcome;
  readonly volume: string;
}

const rank: Record<Outcome, number> = { failed: 1, vanished: 2, unchanged: 3, stored: 4 };

/**
 * A walk with everything that may happen to one: many pages, walks begun again after a bad cursor,
 * positions that failed before they succeeded, competing reports, results that span pages,
 * unchanged entries that are stored as well. It is long because all steps share one random walk.
 */
export function syntheticJob(seed: number, directories = 12): SyntheticJob {
  const random = randomOf(seed);
  const messages: RecordMessage[] = [];
  const sums = empty();
  const volumes: Record<string, { objects: number; bytes: number }> = {};
  let pages = 0;
  let at = 1_700_000_000_000;

  function listPage(directory: string, walk: number, number: number, fields: object, counts: boolean): void {
    const listed = entries(below(random, 20));
    const same = listed.map((_, i) => i).filter(() => random() < 0.2);
    const best = new Map<number, Reported>();
    for (const i of same) note(best, i, { entry: listed[i] as Entry, outcome: "unchanged", volume: "" });
    const bitmap = same.length > 0 ? unchanged(listed, same) : {};
    if (random() < 0.3) messages.push(failed(directory, walk, number));
    for (let i = 0; i < listed.length; i++) {
      const reports = same.includes(i) ? below(random, 2) : 1 + below(random, 2);
      for (let r = 0; r < reports; r++) {
        const entry = listed[i] as Entry;
        const outcome = outcomeSchema.options[below(random, 4)] as Outcome;
        const volume = `vol-${i % 3}`;
        at += 1_000;
        messages.push(
          result({
            directory,
            id: pageId(directory, walk, number),
            objects: [object(i, entry, outcome)],
            volume: outcome === "stored" ? volume : undefined,
            at,
          }),
        );
        note(best, i, { entry, outcome, volume });
      }
    }
    messages.push(page({ directory, walk, page: number, entries: listed, ...bitmap, ...fields }));
    if (!counts) return;
    pages++;
    for (const entry of listed) add(sums.listed, entry.size);
    for (const { entry, outcome, volume } of best.values()) {
      add(sums[outcome], entry.size);
      if (outcome !== "stored") continue;
      volumes[volume] ??= { objects: 0, bytes: 0 };
      add(volumes[volume], entry.size);
    }
  }

  for (let d = 0; d < directories; d++) {
    const directory = nameOf(d);
    const children = [2 * d + 1, 2 * d + 2].filter((child) => child < directories).map(nameOf);
    const walks = 1 + Number(random() < 0.3);
    for (let walk = 0; walk < walks; walk++) {
      const last = 1 + below(random, 4);
      const stopsAt = walk === walks - 1 ? last : below(random, last);
      for (let number = 1; number <= stopsAt; number++) {
        const isLast = number === last;
        const fields = { end: isLast ? "last" : "more", directories: number === 1 ? children : [] };
        listPage(directory, walk, number, fields, walk === walks - 1);
      }
    }
  }
  return { messages, sums, volumes, directories, pages };
}

function failed(directory: string, walk: number, number: number): RecordMessage {
  return page({ directory, walk, page: number, id: `failed ${number}`, end: "failed", reason: "503" });
}

/** A binary tree of directories: the children of `d` are 2d+1 and 2d+2. */
function nameOf(d: number): string {
  return d === 0 ? "" : [nameOf(Math.floor((d - 1) / 2)), `d${d}`].filter((part) => part !== "").join("/");
}

function note(best: Map<number, Reported>, index: number, report: Reported): void {
  const old = best.get(index);
  if (old === undefined || rank[report.outcome] > rank[old.outcome]) best.set(index, report);
}

type Open = { -readonly [K in keyof Sums]: { objects: number; bytes: number } };

function empty(): Open {
  const none = () => ({ objects: 0, bytes: 0 });
  return { listed: none(), stored: none(), unchanged: none(), vanished: none(), failed: none() };
}

function add(amount: { objects: number; bytes: number }, bytes: number): void {
  amount.objects++;
  amount.bytes += bytes;
}
