import { byteSize, ConfigError, type Filters } from "@brigade/core";
import { globProblem } from "@brigade/lister";
import type { FilterFlags } from "./filter-options.ts";

/** Throws ConfigError with all problems. */
export function filtersOf(flags: FilterFlags): Filters {
  const problems: string[] = [];
  const size = (flag: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const parsed = byteSize.safeParse(text);
    if (!parsed.success) problems.push(`${flag}: must be a size such as 500, 64MiB or 20GB`);
    return parsed.data;
  };
  const since = flags.modifiedSince === undefined ? undefined : Date.parse(flags.modifiedSince) / 1000;
  if (Number.isNaN(since))
    problems.push(`--modified-since: "${flags.modifiedSince}" is not a date such as 2024-01-31`);
  for (const flag of ["include", "exclude"] as const)
    for (const glob of flags[flag] ?? []) {
      const problem = globProblem(glob);
      if (problem !== undefined) problems.push(`--${flag}: "${glob}" is no glob: ${problem}`);
    }
  const all = {
    include: flags.include,
    exclude: flags.exclude,
    minSize: size("--min-size", flags.minSize),
    maxSize: size("--max-size", flags.maxSize),
    modifiedSince: since === undefined ? undefined : Math.ceil(since),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
