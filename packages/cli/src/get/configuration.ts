import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  byteSize,
  ConfigError,
  type Environment,
  type Floor,
  flag,
  floorVariables,
  integer,
  parseEnvironment,
  valueOrThrow,
} from "@brigade/core";
import {
  chooseProxies,
  type HttpFilesOptions,
  parseFileUrl,
  readAuthorities,
  tlsSettings,
} from "@brigade/sources/get";
import { z } from "zod";
import type { AllowPrivateFlags } from "../options/source-options.ts";
import { absolutePath } from "../process/working-folder.ts";
import { Problems } from "../settings/problems.ts";
import { settingsSchema } from "../settings/settings.ts";
import { type Checksum, parseChecksum } from "./checksum.ts";
import { readCookieFile } from "./cookie-file.ts";
import { parseHeaders } from "./headers.ts";

/** As the command line gives them: one member per option of `get`. */
export interface GetFlags extends AllowPrivateFlags {
  readonly output?: string;
  readonly directory?: string;
  readonly overwrite?: true;
  readonly connections?: string;
  readonly minSegment?: string;
  readonly maxTimeSilent?: string;
  readonly retries?: string;
  readonly bandwidth?: string;
  /** Another name of it. */
  readonly limitRate?: string;
  readonly referer?: string;
  readonly userAgent?: string;
  readonly header?: readonly string[];
  readonly cookieFile?: string;
  readonly proxy?: string;
  readonly insecure?: true;
  readonly checksum?: string;
  readonly json?: true;
  readonly quiet?: true;
}

const seconds = z
  .string()
  .regex(/^\d+(\.\d+)?$/, "must be a number of seconds")
  .transform((text) => Number(text) * 1000)
  .refine((ms) => ms >= 1, "must be more than 0");

const numbers = z.object({
  connections: integer({ min: 1, max: 256 }).default(8),
  minSegment: byteSize.refine((bytes) => bytes > 0, "must be more than 0").default(1024 * 1024),
  maxTimeSilent: seconds.default(30_000),
  retries: integer({ max: 1_000_000 }).default(10),
  bandwidth: byteSize.refine((bytes) => bytes > 0, "must be more than 0").optional(),
});

/** What is read of the environment, besides what connections need. */
const getVariables = settingsSchema
  .pick({ LOG_LEVEL: true })
  .extend({ MIN_FREE: floorVariables.MIN_FREE, ALLOW_PRIVATE: flag.default(false) });

export interface GetConfiguration extends z.infer<typeof numbers> {
  readonly urls: readonly URL[];
  /** The file's path; `undefined` if `-o` was not given. */
  readonly output: string | undefined;
  readonly directory: string;
  readonly overwrite: boolean;
  readonly checksum: Checksum | undefined;
  readonly http: HttpFilesOptions;
  readonly logLevel: string;
  /** What is to stay free on the disk. */
  readonly minFree: Floor;
  /** Warnings, to be logged before anything else. */
  readonly warnings: readonly string[];
}

/** Throws ConfigError with all problems. */
export function configureGet(
  urls: readonly string[],
  flags: GetFlags,
  environment: Environment,
): GetConfiguration {
  const problems = new Problems();
  const parsedUrls = urls.map((url) => problems.try(() => parseFileUrl(url)));
  const values = problems.try(() => parseNumbers(flags));
  const headers = problems.try(() => parseHeaders(flags.header ?? [])) ?? [];
  const cookieFile = problems.try(() => readCookieFile(flags.cookieFile));
  const proxies = problems.try(() => chooseProxies(flags.proxy, environment));
  const insecure = flags.insecure === true;
  const tls = problems.try(() => tlsSettings(readAuthorities(environment), { insecure }));
  const checksum = problems.try(() =>
    flags.checksum === undefined ? undefined : parseChecksum(flags.checksum),
  );
  const settings = problems.try(() => valueOrThrow(parseEnvironment(getVariables, environment)));
  problems.try(() => checkTarget(urls.length, flags));
  problems.try(() => parseHeaders(textHeaders(flags)));
  problems.throwAny();
  if (!values || !cookieFile || !proxies || !settings || !tls)
    throw new Error("a configuration problem was not reported");

  const given = (name: string) => headers.find(([one]) => one.toLowerCase() === name)?.[1];
  return {
    ...values,
    urls: parsedUrls.filter((url) => url !== undefined),
    output: flags.output === undefined ? undefined : absolutePath(flags.output),
    directory: absolutePath(flags.directory ?? dirname(flags.output ?? ".")),
    overwrite: flags.overwrite === true,
    checksum,
    logLevel: settings.LOG_LEVEL,
    minFree: settings.MIN_FREE,
    warnings: cookieFile.warnings,
    http: {
      userAgent: flags.userAgent ?? given("user-agent") ?? "bucket-brigade/0.1",
      referer: flags.referer ?? given("referer"),
      headers: headers.filter(([name]) => !/^(user-agent|referer)$/i.test(name)),
      cookies: cookieFile.cookies,
      proxies,
      tls,
      allowPrivate: flags.allowPrivate === true || settings.ALLOW_PRIVATE,
      connectTimeoutMs: Math.min(values.maxTimeSilent, 30_000),
      silenceTimeoutMs: values.maxTimeSilent,
    },
  };
}

const flagNames: Readonly<Record<string, string>> = {
  connections: "--connections",
  minSegment: "--min-segment",
  maxTimeSilent: "--max-time-silent",
  retries: "--retries",
};

function parseNumbers(flags: GetFlags): z.infer<typeof numbers> {
  const { bandwidth, limitRate } = flags;
  if (bandwidth !== undefined && limitRate !== undefined)
    throw new ConfigError(["give --bandwidth or --limit-rate, not both"]);
  const parsed = numbers.safeParse({ ...flags, bandwidth: bandwidth ?? limitRate });
  if (parsed.success) return parsed.data;
  const names: typeof flagNames = {
    ...flagNames,
    bandwidth: limitRate === undefined ? "--bandwidth" : "--limit-rate",
  };
  const told = parsed.error.issues.map(
    ({ path, message }) => `${names[String(path[0])] ?? String(path[0])}: ${message}`,
  );
  throw new ConfigError(told, { cause: parsed.error });
}

/** Flags that are sent as headers follow the rules of headers. */
function textHeaders({ referer, userAgent }: GetFlags): string[] {
  return [
    ...(referer === undefined ? [] : [`Referer: ${referer}`]),
    ...(userAgent === undefined ? [] : [`User-Agent: ${userAgent}`]),
  ];
}

function checkTarget(urls: number, { output, directory, checksum }: GetFlags): void {
  const problems: string[] = [];
  if (urls > 1 && output !== undefined)
    problems.push("-o names one file: with several URLs give a folder with -d");
  if (urls > 1 && checksum !== undefined) problems.push("--checksum is of one file: give one URL");
  if (output !== undefined && directory !== undefined) problems.push("give -o or -d, not both");
  if (output !== undefined && isFolder(output)) problems.push(`${output} is a folder: give it with -d`);
  else if (output !== undefined && !isFolder(dirname(resolve(output))))
    problems.push(`-o: there is no folder ${dirname(resolve(output))}`);
  if (
    directory !== undefined &&
    !isFolder(directory) &&
    statSync(directory, { throwIfNoEntry: false }) !== undefined
  )
    problems.push(`-d: ${directory} is not a folder`);
  if (problems.length > 0) throw new ConfigError(problems);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
