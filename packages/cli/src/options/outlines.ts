import type { Command } from "commander";

/** What the help of the whole program says of a command. */
interface Outline {
  /** Its arguments, as in its own help. */
  readonly takes?: string;
  readonly hasOptions: boolean;
  readonly does: string;
}

/** By name, in the order of the help. To load all commands for it would take most of a second. */
export const outlines = {
  copy: {
    takes: "<source> [volume...]",
    hasOptions: true,
    does: "copy a bucket to local disks; run it again to go on, or to fetch what is new or changed",
  },
  get: {
    takes: "<url...>",
    hasOptions: true,
    does: "fetch a large file over several connections at once; run it again to go on with an unfinished file",
  },
  doctor: {
    takes: "<source> [volume...]",
    hasOptions: true,
    does: "check configuration, credentials, clock, one listing, one object and disks; say what to fix",
  },
  start: {
    takes: "<source>",
    hasOptions: true,
    does: "open a job for the fleet: its lister and downloaders bring the bucket home",
  },
  status: {
    takes: "[source]",
    hasOptions: true,
    does: "where the last job of each source stands: progress, speed, disks, queues, pauses, holes",
  },
  failed: {
    takes: "[source]",
    hasOptions: true,
    does: "the objects of the last job that failed, with reasons; `retry` puts them back to work",
  },
  retry: {
    takes: "[source]",
    hasOptions: true,
    does: "put the failed objects of the last job back to work, and the directories that it has holes in",
  },
  cancel: {
    takes: "<source>",
    hasOptions: true,
    does: "close a source's job and empty its queues; dead letters stay",
  },
  pause: {
    takes: "<source>",
    hasOptions: true,
    does: "hold a fleet or a running `copy`: no request starts, nothing is lost; `resume` goes on",
  },
  resume: { takes: "<source>", hasOptions: true, does: "let a paused source go on" },
  limit: {
    takes: "<source> [off]",
    hasOptions: true,
    does: "limit bytes, requests and listings per second of a fleet or a running `copy`, or show what holds",
  },
  drain: {
    takes: "<host>",
    hasOptions: true,
    does: "give a host no new work, and say when it has nothing left in hand; `undrain` ends that",
  },
  undrain: { takes: "<host>", hasOptions: true, does: "give a drained host work again" },
  "dead-letters": {
    hasOptions: false,
    does: "messages that could not be read, or that kept killing their process",
  },
  where: {
    takes: "<key>",
    hasOptions: true,
    does: "where an object lies: host, volume and path; exit code 3 when it lies nowhere, or on lost disks only",
  },
  volumes: { hasOptions: true, does: "all disks that the ledger has, and what is on each" },
  audit: {
    takes: "<source>",
    hasOptions: true,
    does: "list the bucket again and name what is new, changed, gone from it but kept, or lost for good, and which disks with its objects are not here; exit code 3 on any difference, and when a disk was lost",
  },
  verify: {
    takes: "[volume...]",
    hasOptions: true,
    does: "read disks again, against their own manifests: missing, changed, damaged and extra files; exit code 3 on any",
  },
  adopt: {
    takes: "<source> <folder>",
    hasOptions: true,
    does: "take a tree that another tool left into a volume, so that it need not travel again; files are moved, not copied",
  },
  volume: { hasOptions: false, does: "make folders volumes, and look at those there are" },
  lister: { hasOptions: false, does: "service: lists the buckets of SOURCES for the fleet" },
  downloader: {
    hasOptions: false,
    does: "service: fetches objects of SOURCES onto this host's VOLUMES",
  },
  ledger: {
    hasOptions: false,
    does: "service: keeps the accounts of all jobs, and answers for them over HTTP",
  },
} as const satisfies Readonly<Record<string, Outline>>;

export type CommandName = keyof typeof outlines;

export function isCommandName(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(outlines, name);
}

/**
 * Returns whether these words lead to the help of the whole program: none, `help`, or a command
 * that there is not.
 */
export function asksForOutlines(words: readonly string[]): boolean {
  const [first = "help"] = words;
  if (words.length <= 1 && ["help", "--help", "-h"].includes(first)) return true;
  return !first.startsWith("-") && first !== "help" && !isCommandName(first);
}

/** Adds a command, which then says what it takes. */
export function addCommand(program: Command, name: CommandName): Command {
  return program.command(name).description(outlines[name].does);
}

/** Adds all commands as the program's help shows them. They cannot be run. */
export function addOutlines(program: Command): void {
  for (const [name, { takes, hasOptions, does }] of Object.entries<Outline>(outlines)) {
    const command = program.command(name).description(does);
    if (takes !== undefined) command.arguments(takes);
    if (hasOptions) command.option("--option");
  }
}
