import { volumeConformance } from "@brigade/volumes/conformance";
import { MemoryVolume } from "./memory-volume.ts";

volumeConformance("a volume in memory", async () => {
  const volume = new MemoryVolume("one");
  return {
    volume,
    reopen: async () => {
      volume.reopen();
      return volume;
    },
    read: async (key) => volume.files.get(key)?.text,
    [Symbol.asyncDispose]: () => volume[Symbol.asyncDispose](),
  };
});
