/** What distinguishes files, whatever their names are. */
interface FileId {
  readonly dev: number;
  readonly ino: number;
}

export function isSameFile(a: FileId | undefined, b: FileId | undefined): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev;
}
