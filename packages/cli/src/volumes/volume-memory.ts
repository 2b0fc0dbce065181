import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { ConfigError, type Environment, type Log } from "@brigade/core";
import {
  type FoundFolder,
  type LocalVolume,
  makeFolder,
  readOwnBytes,
  replacePrivateFile,
} from "@brigade/volumes";
import { z } from "zod";

/** Bytes of one file. */
const mostBytes = 64 * 1024;

const rememberedSchema = z.object({
  root: z.string(),
  /** The volume's. */
  id: z.string(),
  fileSystem: z.string(),
});
type RememberedVolume = z.infer<typeof rememberedSchema>;

/**
 * Which folders of this machine were volumes. It is kept outside of them: if the first volume is
 * not mounted, the accounts are not there either. There is one file per folder, so that several
 * runs can write at once.
 */
export class VolumeMemory {
  readonly #environment: Environment;
  /** Why the memory cannot be read or kept; `undefined` if it can. */
  #trouble: string | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  recall({ root }: Pick<FoundFolder, "root">): RememberedVolume | undefined {
    const text = this.#attempt(() => readOwnBytes(this.#fileOf(root), mostBytes)?.toString());
    return text === undefined ? undefined : rememberedIn(text);
  }

  /** `found`: as the folders were before they were opened. */
  keep(found: readonly FoundFolder[], volumes: readonly Pick<LocalVolume, "root" | "id">[]): void {
    for (const { root, fileSystem } of found) {
      const volume = volumes.find((one) => one.root === root);
      if (volume !== undefined) this.#keep({ root, id: volume.id, fileSystem });
    }
  }

  /** Logs one warning if the memory could not be read or kept. */
  warnOfTrouble(log: Log): void {
    if (this.#trouble !== undefined)
      log.warn(
        { reason: this.#trouble },
        "the list of this machine's volumes cannot be written: a first volume that is not mounted would not be noticed",
      );
  }

  #keep(volume: RememberedVolume): void {
    this.#attempt(() => {
      const path = this.#fileOf(volume.root);
      makeFolder(dirname(path));
      const temporary = `${path}.${crypto.randomUUID()}`;
      replacePrivateFile(path, `${JSON.stringify(volume)}\n`, temporary);
    });
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof ConfigError || (error instanceof Error && "code" in error))) throw error;
      this.#trouble ??= error.message;
      return undefined;
    }
  }

  #fileOf(root: string): string {
    return join(folderIn(this.#environment), `${createHash("sha256").update(root).digest("hex")}.json`);
  }
}

/** As in the XDG Base Directory Specification: a relative path does not count. */
function folderIn({ XDG_STATE_HOME: given = "" }: Environment): string {
  const home = isAbsolute(given) ? given : join(homedir(), ".local", "state");
  return join(home, "brigade", "volumes");
}

/** Returns `undefined` if the text is not as it is written here: the file was cut short. */
function rememberedIn(text: string): RememberedVolume | undefined {
  try {
    return rememberedSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
