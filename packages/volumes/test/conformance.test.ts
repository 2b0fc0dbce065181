import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../test/logs.ts";
import { openVolume } from "../src/index.ts";
import { type VolumeBench, volumeConformance } from "./conformance.ts";

async function bench(): Promise<VolumeBench> {
  const root = mkdtempSync(join(tmpdir(), "brigade-conformance-"));
  const open = () => openVolume(root, { init: true, instance: "here", durability: "group", log: silentLog });
  let volume = await open();
  return {
    volume,
    reopen: async () => {
      await volume[Symbol.asyncDispose]();
      volume = await open();
      return volume;
    },
    read: async (key) => textAt(join(root, "photos", key)),
    [Symbol.asyncDispose]: async () => {
      await volume[Symbol.asyncDispose]();
      rmSync(root, { recursive: true });
    },
  };
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

volumeConformance("a disk's volume", bench);
