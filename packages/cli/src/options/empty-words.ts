import { ConfigError } from "@brigade/core";
import type { Command } from "commander";

/** Commands for which an empty argument means something: all keys. */
const meaningful: ReadonlySet<string> = new Set(["where"]);

/**
 * Throws ConfigError for empty arguments and options: a shell's variable was not set. Without that
 * word, the command would do something else, such as to fill the working folder.
 */
export function refuseEmptyWords(command: Command): void {
  const problems = command.options
    .filter((option) => [command.getOptionValue(option.attributeName())].flat().includes(""))
    .map(({ flags }) => `${flags.split(" ")[0]} is empty: is a variable not set?`);
  const empty = command.args.indexOf("");
  if (empty >= 0 && !meaningful.has(command.name()))
    problems.push(`argument ${empty + 1} is empty: is a variable not set?`);
  if (problems.length > 0) throw new ConfigError(problems);
}
