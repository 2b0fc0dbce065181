import { readdir, readFile, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError } from "@brigade/core";
import { z } from "zod";

const identitySchema = z.object({ id: z.string(), label: z.string() });
const bindingSchema = z.object({ fingerprint: z.string() });

/** What a volume says of itself. */
export interface VolumeInspection {
  readonly root: string;
  readonly id: string;
  readonly label: string;
  /** Bytes. */
  readonly free: number;
  readonly freeInodes: number;
  readonly sources: readonly { readonly name: string; readonly fingerprint: string }[];
}

/** Reads who the volume is, without opening it; nothing where there is none. Throws ConfigError when it cannot be read. */
export async function inspectVolume(root: string): Promise<VolumeInspection | undefined> {
  const own = join(root, ".brigade");
  try {
    const { id, label } = identitySchema.parse(JSON.parse(await readFile(join(own, "volume.json"), "utf8")));
    const { bavail, bsize, ffree } = await statfs(root);
    const files = (await readdir(join(own, "sources"))).filter((name) => name.endsWith(".json"));
    const sources = await Promise.all(
      files.sort().map(async (file) => {
        const text = await readFile(join(own, "sources", file), "utf8");
        return { name: basename(file, ".json"), ...bindingSchema.parse(JSON.parse(text)) };
      }),
    );
    return { root, id, label, free: bavail * bsize, freeInodes: ffree, sources };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${root} cannot be read as a volume: ${reason}`], { cause: error });
  }
}
