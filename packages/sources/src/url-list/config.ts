import type { Readable } from "node:stream";
import type { Environment } from "@brigade/core";
import type { z } from "zod";
import { fetchVariables, type Routed, readVariables, stateVariables } from "../http/fetch-variables.ts";
import type { ListFile } from "./list-file.ts";

const schema = fetchVariables.extend(stateVariables);

/** The adapter's settings. */
export interface ListConfig extends z.infer<typeof schema>, Routed {
  /** The source's name. */
  readonly name: string;
  readonly file: ListFile;
  /** The folder of the index; absent if it is not kept. */
  readonly stateFolder: string | undefined;
  readonly stdin: Readable;
}

/** Throws ConfigError with all problems. */
export function readListConfig(environment: Environment, file: ListFile, name: string): ListConfig {
  const variables = readVariables(schema, environment, name);
  const { STATE_DIR: stateFolder } = variables;
  return Object.freeze({
    ...variables,
    name,
    file,
    stateFolder,
    stdin: process.stdin,
  });
}
