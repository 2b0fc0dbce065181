import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError } from "@brigade/core";
import { z } from "zod";
import { errorCode } from "../disk/disk-errors.ts";
import { readOwnNoteLater } from "../own-files/later.ts";
import { parseHostNote } from "./host-note.ts";
import { layoutOf, type Names, namesSchema } from "./identity.ts";

const identitySchema = z.object({
  id: z.string().min(1),
  label: z.string(),
  traits: z.object({ names: namesSchema.exactOptional() }).exactOptional(),
});
const bindingSchema = z.object({ fingerprint: z.string().min(1) });

/** What a volume's own file has about it. */
export interface VolumeInfo {
  readonly id: string;
  readonly label: string;
  readonly names: Names;
  /** The machine that wrote on it last. */
  readonly host?: string;
  /** By name. */
  readonly sources: readonly { readonly name: string; readonly fingerprint: string }[];
}

/**
 * Returns what a volume's own file has about it, without opening it. `undefined` if there is no volume.
 * Rejects with ConfigError if it cannot be read.
 */
export async function readVolumeInfo(root: string): Promise<VolumeInfo | undefined> {
  const layout = layoutOf(root);
  try {
    const identity = await readOwnNoteLater(layout.identity);
    if (identity === undefined) return undefined;
    const { id, label, traits } = identitySchema.parse(JSON.parse(identity));
    const host = parseHostNote((await readOwnNoteLater(layout.host)) ?? "");
    const files = (await readdir(layout.sources)).filter((name) => name.endsWith(".json"));
    const sources = await Promise.all(
      files.sort().map(async (file) => {
        const binding = await readOwnNoteLater(join(layout.sources, file));
        const { fingerprint } = bindingSchema.parse(JSON.parse(binding ?? ""));
        return { name: basename(file, ".json"), fingerprint };
      }),
    );
    const names = traits?.names ?? "plain";
    return { id, label, names, ...(host !== undefined && { host }), sources };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${root} cannot be read as a volume: ${reason}`], { cause: error });
  }
}
