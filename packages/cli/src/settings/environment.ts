import type { Environment } from "@brigade/core";

/** Variables of the settings file; none where there is no such file, and for `get`, which reads none. */
let fileValues: Environment = Object.freeze({});

/** To be called before all else, at most once. */
export function useFileValues(values: Environment): void {
  fileValues = Object.freeze({ ...values });
}

/** Flags win over the environment, which wins over the settings file. */
export function readEnvironment(flags: Environment, process: Environment): Environment {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...fileValues, ...process, ...given });
}
