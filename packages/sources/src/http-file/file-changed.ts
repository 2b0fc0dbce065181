/** The file on the server is not the one that was begun: what came of it is worth nothing. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}
