import type { PageHistory, Volume } from "@brigade/core";
import type { Catalogue } from "@brigade/ledger";

/**
 * What the catalogue knows, held against the disks that are here: a file that was deleted or cut is not "unchanged".
 * What lies on a volume that is not attached now is taken on the catalogue's word.
 */
export function localHistory(catalogue: Catalogue, volumes: readonly Volume[]): PageHistory {
  return {
    recorded: (position) => catalogue.recorded(position),
    async unchanged(job, directory, files) {
      const places = await catalogue.stored(job, directory, files);
      const unchanged = places.map((place) => place !== undefined);
      for (const volume of volumes) {
        const here = places.flatMap((place, index) =>
          place?.volume === volume.id ? [{ place, index }] : [],
        );
        if (here.length === 0) continue;
        const present = await volume.present(
          job.source,
          here.map(({ place }) => place),
        );
        here.forEach(({ index }, i) => {
          unchanged[index] = present[i] === true;
        });
      }
      return unchanged;
    },
  };
}
