import type { Account } from "./auth.ts";
import type { Digests } from "./bodies/digests.ts";
import type { Counters } from "./counters.ts";
import type { FaultChooser } from "./faults/rules.ts";
import type { BucketOptions } from "./options.ts";
import type { ChangingTree } from "./trees/changing.ts";
import type { StoredObject } from "./trees/object-set.ts";

/** The state that all hosts of a bucket share, in one record. Tests change it while they run. */
export interface Service {
  readonly name: string;
  readonly options: BucketOptions;
  readonly tree: ChangingTree;
  readonly digests: Digests;
  readonly counters: Counters;
  readonly forbidden: Set<string>;
  readonly vanished: Set<string>;
  /** Old copies on the public domain of keys that have changed. */
  readonly stale: Map<string, StoredObject | undefined>;
  /** Until when (service's clock, milliseconds) a key is 404 on the public domain. */
  readonly cached404: Map<string, number>;
  readonly now: () => number;
  account: Account;
  chooseFault: FaultChooser;
  /** Counts a request of an object or a directory. */
  count(kind: "fetch" | "head" | "list", key: string): void;
  /** The value of the Date header. */
  date(): string;
  /** Set when the listeners are open. */
  domainUrl: string;
  edgeUrl: string;
}
