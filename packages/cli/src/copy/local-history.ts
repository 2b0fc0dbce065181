import { HostError, join, type Log, type PageHistory, type Volume } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";

/**
 * Answers from the catalogue, compared with the disks that are here. A file that was deleted or cut
 * is not "unchanged", and is removed from the catalogue: if the source no longer has the object, it is
 * lost. What lies on a volume that is not attached, or whose disk cannot answer, counts as the
 * catalogue says.
 */
export function localHistory(catalogue: Catalogue, volumes: readonly Volume[], log: Log): PageHistory {
  const mute = new Set<Volume>();
  const present = async (volume: Volume, source: string, files: Parameters<Volume["present"]>[1]) => {
    try {
      return await volume.present(source, files);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (!mute.has(volume))
        log.warn(
          { volume: volume.label, reason: error.message },
          "a volume cannot say what lies there: what the catalogue has of it counts as unchanged",
        );
      mute.add(volume);
      return files.map(() => true);
    }
  };
  return {
    recorded: (position) => catalogue.history.recorded(position),
    async unchanged(job, directory, files) {
      const places = await catalogue.history.stored(job, directory, files);
      const unchanged = places.map((place) => place !== undefined);
      for (const volume of volumes) {
        const here = places.flatMap((place, index) =>
          place?.volume === volume.id ? [{ place, index }] : [],
        );
        if (here.length === 0) continue;
        const found = await present(
          volume,
          job.source,
          here.map(({ place }) => place),
        );
        const gone = here.filter((_, i) => found[i] !== true).map(({ index }) => index);
        for (const index of gone) unchanged[index] = false;
        const keys = gone.map((index) => join(directory, files[index]?.name ?? ""));
        if (keys.length > 0) await catalogue.recording.forget(job, volume.id, keys);
      }
      return unchanged;
    },
  };
}
