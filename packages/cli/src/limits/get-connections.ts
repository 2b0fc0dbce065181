import { ConfigError } from "@brigade/core";
import { ownOfGet } from "./connections.ts";
import { limitsOfThisProcess, reasons } from "./limits.ts";

/**
 * Returns the connections of `brigade get`: the number that is wanted, or fewer if this process may
 * not have as many; `tell` gets a line then. Throws ConfigError if it may have none.
 */
export function getConnections(
  wanted: number,
  tell: (line: string) => void,
  limits = limitsOfThisProcess(),
): number {
  const { memory, openFiles = Number.POSITIVE_INFINITY } = limits;
  if (openFiles <= ownOfGet)
    throw new ConfigError([
      `open files are limited to ${openFiles}: at least ${ownOfGet + 1} are needed (ulimit -n ${ownOfGet + 1})`,
    ]);
  const connections = Math.min(wanted, openFiles - ownOfGet, memory.connections);
  if (connections < wanted) tell(`${reasons(limits).join(", ")}, so there are ${connections} connections`);
  return connections;
}
