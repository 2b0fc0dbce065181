import assert from "node:assert/strict";

/** A line of a log at level `warn` or above, or a line for people. */
export interface Told {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/**
 * Returns the lines of a program's standard error that an operator has to read: no progress, no
 * news.
 */
export function warningsIn(stderr: string): Told[] {
  return stderr
    .split("\n")
    .filter(Boolean)
    .map((line): Told => (line.startsWith("{") ? JSON.parse(line) : { level: 60, msg: line }))
    .filter(({ level }) => level >= 40);
}

/** The lines for each fault. Lister and downloader each log a source that is away. */
const faults: Readonly<Record<string, readonly RegExp[]>> = {
  ban: [
    /^the server refuses everything for a while/,
    /^fetching pauses: the source refuses everything/,
    /^listing pauses: the source refuses everything/,
  ],
  outage: [/^fetching pauses: the source is unwell/, /^listing pauses: the source is unwell/],
  "full state": [/no room on the disk for/],
  "failed disk": [/^a volume is retired|^the volume could not be left tidy/],
  "dead directory": [/a directory could not be listed/],
};

/**
 * Fails if a process logs one fault twice, or if no process logs a fault, except faults that may go
 * unnoticed. `programs`: the lines of each process.
 */
export function assertToldOnce(
  programs: readonly (readonly Told[])[],
  { unnoticed = [] }: { readonly unnoticed?: readonly string[] } = {},
): void {
  for (const [fault, patterns] of Object.entries(faults)) {
    const lines = (program: readonly Told[], pattern: RegExp) =>
      program.filter(({ msg, reason }) => pattern.test(msg) || pattern.test(String(reason)));
    for (const program of programs)
      for (const pattern of patterns) {
        const told = lines(program, pattern);
        assert.ok(told.length <= 1, `${fault} is told ${told.length} times: ${JSON.stringify(told)}`);
      }
    const isTold = patterns.some((pattern) => programs.some((program) => lines(program, pattern).length > 0));
    assert.ok(isTold || unnoticed.includes(fault), `nobody tells of this: ${fault}`);
  }
}
