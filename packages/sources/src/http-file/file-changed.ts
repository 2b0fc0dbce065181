/** The file on the server is not the one that was begun: the bytes so far are useless. */
export class FileChanged extends Error {
  override readonly name = "FileChanged";
}
