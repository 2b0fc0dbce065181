import { setTimeout as sleep } from "node:timers/promises";
import {
  type Bucket,
  compositeTree,
  explicitTree,
  type FaultRule,
  objectsOf,
  startBucket,
  syntheticTree,
} from "../../bucket/index.ts";

/** 20,000 objects, a few of which cannot be had, and one directory that cannot be listed. */
export interface OddBucket {
  readonly bucket: Bucket;
  /** The objects that must lie on the disks in the end. */
  readonly wanted: readonly string[];
  /** The objects that must be reported as failed. */
  readonly refused: readonly string[];
  readonly deadDirectory: string;
  /** The faults from the beginning on. They stay when other faults are added. */
  readonly always: readonly FaultRule[];
}

const directories = 199;
const deadDirectory = "dead";
const slow = "slow/picture.jpg";

export async function startOddBucket(random: (below: number) => number, latencyMs = 0): Promise<OddBucket> {
  const many = syntheticTree({ directories, filesPerDirectory: 100, minSize: 500, maxSize: 3_000, seed: 12 });
  // 20 parts of 250 characters: no disk has room for a path of more than 4,096 bytes.
  const tooLong = `${Array.from({ length: 20 }, (_, n) => String(n % 10).repeat(250)).join("/")}/p.jpg`;
  const heavy = Array.from({ length: 36 }, (_, n) => `heavy/${n}.bin`);
  const tree = compositeTree(
    explicitTree([
      [slow, { size: 200_000 }],
      [`${deadDirectory}/never-seen.jpg`, { size: 1_000 }],
      [tooLong, { size: 1_000 }],
      ...heavy.map((key) => [key, { size: 3 * 1024 * 1024 }] as const),
    ]),
    many,
  );
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  const statuses = ["400", "403", "500"] as const;
  const refused = Array.from({ length: 9 }, () => `d${pad(random(directories))}/p${pad2(random(100))}.jpg`);
  const always: FaultRule[] = [
    ...refused.map((key, n) => ({ kind: statuses[n % 3] ?? "403", key })),
    { kind: "500", on: "list", key: deadDirectory },
    { kind: "slow-body", key: slow, overMs: 12_000 },
  ];
  const bucket = await startBucket({ tree, faults: always, latencyMs });
  const cannotBeHad = new Set([...refused, tooLong, `${deadDirectory}/never-seen.jpg`]);
  return {
    bucket,
    wanted: keys.filter((key) => !cannotBeHad.has(key)),
    refused: [...new Set([...refused, tooLong])].sort(),
    deadDirectory,
    always,
  };
}

const pad = (n: number) => String(n).padStart(3, "0");
const pad2 = (n: number) => String(n).padStart(2, "0");

/** The bucket refuses some requests because of their rate, then all requests for some seconds. */
export async function banUs({ bucket, always }: OddBucket): Promise<void> {
  const on = ["get", "list", "head"] as const;
  bucket.setFaults([{ kind: "429", on, times: 8 }, { kind: "403", on }, ...always]);
  await sleep(4_000);
  bucket.setFaults(always);
}

/** Closes the port for some seconds, and calls a function meanwhile. */
export async function beAway({ bucket }: OddBucket, meanwhile: () => void): Promise<void> {
  await bucket.setOutage("refused");
  await sleep(2_000);
  meanwhile();
  await sleep(2_000);
  await bucket.setOutage("off");
}
