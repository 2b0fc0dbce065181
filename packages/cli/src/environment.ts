import { existsSync, readFileSync } from "node:fs";
import type { Environment } from "@brigade/core";
import { parse } from "dotenv";

/** Flags win over the environment, which wins over `.env` in the working directory. */
export function readEnvironment(flags: Environment, process: Environment): Environment {
  const file = existsSync(".env") ? parse(readFileSync(".env")) : {};
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...file, ...process, ...given });
}
