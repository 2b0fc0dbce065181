import type { FilesMessage, Job, ListedFile, Slice } from "@brigade/core";

export interface BatchSize {
  readonly files: number;
  /** Listed bytes; a single larger file is a batch of its own. */
  readonly bytes: number;
}

/** Packs the files of pages, in order, into as few messages as the batch size allows. */
export function packBatches(job: Job, slices: Iterable<Slice>, size: BatchSize): FilesMessage[] {
  const batches: FilesMessage[] = [];
  let batch: Slice[] = [];
  let files = 0;
  let bytes = 0;
  const close = () => {
    if (files > 0) batches.push({ v: 1, type: "files", job, slices: batch, attempt: 0 });
    batch = [];
    files = 0;
    bytes = 0;
  };
  for (const { page, directory, files: listed } of slices) {
    let slice: ListedFile[] | undefined;
    for (const file of listed) {
      const length = file.size ?? 0;
      if (files >= size.files || (files > 0 && bytes + length > size.bytes)) {
        close();
        slice = undefined;
      }
      if (slice === undefined) {
        slice = [];
        batch.push({ page, directory, files: slice });
      }
      slice.push(file);
      files++;
      bytes += length;
    }
  }
  close();
  return batches;
}
