import type { NewObject, Part, Sink, StoredObject } from "@brigade/core";
import { type LocalVolume, type TriedVolumes, tryVolumes as tryReal } from "@brigade/volumes";
import { note } from "./noting.ts";

export * from "@brigade/volumes";

/**
 * The real volumes; objects that they report as stored are noted at once.
 * @public `brigade` gets it in place of the package's
 */
export async function tryVolumes(...args: Parameters<typeof tryReal>): Promise<TriedVolumes> {
  const tried = await tryReal(...args);
  const open = tried.open.bind(tried);
  return Object.assign(tried, { open: async () => (await open()).map(watched) });
}

function watched(volume: LocalVolume): LocalVolume {
  const put = volume.put.bind(volume);
  const openSink = volume.open.bind(volume);
  const openPart = volume.part.bind(volume);
  const adopt = volume.adopt.bind(volume);
  return Object.assign(volume, {
    put: async (object, bytes, onRead) => noted(object, await put(object, bytes, onRead)),
    open: async (object) => watchFinish(object, await openSink(object)),
    async part(object, validator) {
      const part = await openPart(object, validator);
      return part && watchFinish(object, part);
    },
    async adopt(objects) {
      const adopted = await adopt(objects);
      for (const [index, object] of objects.entries()) {
        const stored = adopted[index];
        if (stored !== undefined) noted(object, stored);
      }
      return adopted;
    },
  } satisfies Partial<LocalVolume>);
}

function watchFinish<T extends Sink | Part>(object: NewObject, target: T): T {
  const finish = target.finish.bind(target);
  return Object.assign(target, {
    finish: async (signal: AbortSignal) => noted(object, await finish(signal)),
  });
}

function noted({ key }: NewObject, stored: StoredObject): StoredObject {
  note({ kind: "stored", key, md5: stored.md5 });
  return stored;
}
