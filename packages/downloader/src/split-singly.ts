import type { FilesMessage } from "@brigade/core";

/** One message an object, so that a deadly one takes no neighbours along. */
export function splitSingly(message: FilesMessage): FilesMessage[] {
  return message.slices.flatMap(({ page, directory, files }) =>
    files.map((file) => ({ ...message, slices: [{ page, directory, files: [file] }] })),
  );
}

export function countFiles(message: FilesMessage): number {
  return message.slices.reduce((sum, { files }) => sum + files.length, 0);
}
