import type { Readable } from "node:stream";
import { type Environment, parseEnvironment, valueOrThrow } from "@brigade/core";
import { z } from "zod";
import { fetchVariables, variablePrefix } from "../http/fetch-variables.ts";
import type { ListFile } from "./list-file.ts";

const schema = fetchVariables.extend({ STATE_DIR: z.string().optional() });

/** The adapter's settings. */
export interface ListConfig extends z.infer<typeof schema> {
  /** The source's. */
  readonly name: string;
  readonly file: ListFile;
  /** Where the index is kept; absent: nowhere. */
  readonly stateFolder: string | undefined;
  readonly stdin: Readable;
}

/** Throws ConfigError with all problems. */
export function readListConfig(environment: Environment, file: ListFile, name: string): ListConfig {
  const variables = valueOrThrow(parseEnvironment(schema, environment, variablePrefix(name)));
  const { STATE_DIR: stateFolder } = variables;
  return Object.freeze({
    ...variables,
    name,
    file,
    stateFolder,
    stdin: process.stdin,
  });
}
