import type { Command } from "commander";

export interface FilterFlags {
  readonly include?: string[];
  readonly exclude?: string[];
  readonly minSize?: string;
  readonly maxSize?: string;
  readonly modifiedSince?: string;
}

export function addFilterOptions(command: Command): Command {
  const collect = (value: string, before: string[] = []) => [...before, value];
  return command
    .option(
      "--include <glob>",
      "only keys that match (may be repeated); without a slash: only names",
      collect,
    )
    .option(
      "--exclude <glob>",
      "no keys that match (may be repeated); a matching directory is not walked",
      collect,
    )
    .option("--min-size <bytes>", "only objects of at least this size, such as 10kB")
    .option("--max-size <bytes>", "only objects of at most this size")
    .option("--modified-since <date>", "only objects modified at or after this date, such as 2024-01-31");
}
