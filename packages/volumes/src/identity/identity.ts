import { randomUUID } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { ConfigError } from "@brigade/core";
import { z } from "zod";
import { writeDurably } from "../own-files/durable-file.ts";
import { readOwnNote } from "../own-files/files.ts";
import { makeFolder } from "../own-files/make-folder.ts";
import { refusePlace } from "./place.ts";
import { probeTraits, traitsSchema } from "./traits.ts";

/** `.brigade/volume.json`. */
const identitySchema = z.object({
  /** 2: with portable names, which programs of version 1 do not have. */
  version: z.union([z.literal(1), z.literal(2)]),
  id: z.string().min(1),
  label: z.string(),
  /** ISO 8601. */
  created: z.string(),
  traits: traitsSchema,
});
export type Identity = z.infer<typeof identitySchema>;

/**
 * How keys become names on a volume. `plain`: as its file system needs them; `portable`: as all common
 * ones need them.
 */
export const namesSchema = z.enum(["plain", "portable"], { error: "must be plain or portable" });
export type Names = z.infer<typeof namesSchema>;

/** What a new volume gets. By default the folder's name as its label, and plain names. */
export interface NewIdentity {
  readonly label?: string | undefined;
  readonly names?: Names | undefined;
}

/** Where things lie on a volume. */
export interface Layout {
  readonly root: string;
  readonly identity: string;
  readonly sources: string;
  readonly tmp: string;
  /** Parts of large objects. */
  readonly parts: string;
  readonly manifest: string;
  readonly lock: string;
  /** The host that wrote here last. */
  readonly host: string;
  /** What an unfinished verification knows. */
  readonly verify: string;
  /** Files that were found damaged, moved out of the way. */
  readonly damaged: string;
}

export function layoutOf(root: string): Layout {
  const own = join(root, ".brigade");
  return {
    root,
    identity: join(own, "volume.json"),
    sources: join(own, "sources"),
    tmp: join(own, "tmp"),
    parts: join(own, "parts"),
    manifest: join(own, "manifest"),
    lock: join(own, "lock"),
    host: join(own, "host"),
    verify: join(own, "verify"),
    damaged: join(own, "damaged"),
  };
}

/**
 * Returns where things lie on this volume. Makes nothing. Throws ConfigError if it is no volume,
 * unless it is to become one (`init`).
 */
export function findLayout(root: string, init = false): Layout {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError([`${root} is not a folder: make it, or mount the disk`]);
  }
  const layout = layoutOf(realpathSync(root));
  if (!init && readOwnNote(layout.identity) === undefined) {
    throw new ConfigError([
      `${root} is not a volume (or its disk is not mounted): \`brigade volume init ${root}\` makes it one`,
    ]);
  }
  return layout;
}

/**
 * Checks the volume's folders, and makes missing ones. Throws ConfigError if this is no volume and
 * is not to become one (`init`).
 */
export function prepareLayout(root: string, init: boolean): Layout {
  const layout = findLayout(root, init);
  if (init) refusePlace(layout.root);
  const { sources, tmp, parts, manifest } = layout;
  for (const folder of [sources, tmp, parts, manifest]) makeFolder(folder);
  return layout;
}

/**
 * Reads the identity of a volume. With `create`, one that has none gets one first. Under the
 * volume's lock.
 */
export function identify(
  layout: Layout,
  scratch: string,
  create: boolean,
  { label, names }: NewIdentity,
): Identity {
  if (create && readOwnNote(layout.identity) === undefined) {
    const isPortable = names === "portable";
    const identity: Identity = {
      version: isPortable ? 2 : 1,
      id: randomUUID(),
      label: label ?? basename(layout.root),
      created: new Date().toISOString(),
      traits: { ...probeTraits(`${scratch}.probe`), ...(isPortable && { names }) },
    };
    writeDurably(layout.identity, `${JSON.stringify(identity, undefined, 2)}\n`, scratch);
  }
  const identity = readJson(layout.identity, identitySchema);
  refuseOtherNames(layout.root, identity, names);
  return identity;
}

/** Throws ConfigError if a volume's names are not as they are asked for. */
export function refuseOtherNames(
  root: string,
  { traits }: Pick<Identity, "traits">,
  names: Names | undefined,
): void {
  const has = traits.names ?? "plain";
  if (names === undefined || names === has) return;
  throw new ConfigError([
    `${root} is a volume with ${has} names, and what lies there is found by them: they cannot be changed. Leave --names out, or name an empty folder`,
  ]);
}

/**
 * Returns the identity of the volume at this root; `undefined` if there is none. Throws ConfigError
 * if it cannot be read.
 */
export function identityOf(root: string): Identity | undefined {
  const { identity } = layoutOf(root);
  const text = readOwnNote(identity);
  return text === undefined ? undefined : parseNote(identity, text, identitySchema);
}

/**
 * Reads a small file of brigade's own. Throws ConfigError if it is not there, or not as brigade
 * writes it.
 */
export function readJson<T>(path: string, schema: z.ZodType<T>): T {
  const text = readOwnNote(path);
  if (text === undefined) throw new ConfigError([`${path} is missing`]);
  return parseNote(path, text, schema);
}

function parseNote<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError([`${path} cannot be read: ${error instanceof Error ? error.message : error}`], {
      cause: error,
    });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new ConfigError([`${path} is not as we write it: ${z.prettifyError(parsed.error)}`], {
      cause: parsed.error,
    });
  }
  return parsed.data;
}
