import { type Environment, parseEnvironment, valueOrThrow } from "@brigade/core";
import type { z } from "zod";

/** Variables of the settings file; empty if there is none, and for `get`, which reads none. */
let fileValues: Environment = Object.freeze({});

/** Takes in the variables of the settings file. To be called before all else, at most once. */
export function useFileValues(values: Environment): void {
  fileValues = Object.freeze({ ...values });
}

/** Flags win over the environment, which wins over the settings file. */
export function readEnvironment(flags: Environment, process: Environment): Environment {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...fileValues, ...process, ...given });
}

/** Throws ConfigError with all problems. */
export function readVariables<S extends z.ZodObject>(schema: S, environment: Environment): z.infer<S> {
  return valueOrThrow(parseEnvironment(schema, environment));
}
