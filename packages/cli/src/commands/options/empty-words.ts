import { ConfigError } from "@brigade/core";
import type { Command } from "commander";

/** Where an empty word means something: all keys. */
const meaningful: ReadonlySet<string> = new Set(["where"]);

/**
 * Throws ConfigError for arguments and options that are empty: a shell's variable was not set, and without that word the command
 * would do something else, such as fill the folder one stands in.
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
