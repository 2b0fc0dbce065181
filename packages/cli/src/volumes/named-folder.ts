import { ConfigError } from "@brigade/core";
import { absolutePath } from "../process/working-folder.ts";
import { isUndecoded } from "./undecoded.ts";

/**
 * Returns the absolute path of a folder. Throws ConfigError if the path would lead to another place
 * than was meant.
 */
export function namedFolder(text: string): string {
  if (text === "") throw new ConfigError(["the name of a folder is empty: is a variable not set?"]);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) throw new ConfigError([`${text} is a URL, not a folder`]);
  const path = absolutePath(text);
  if (isUndecoded(text))
    throw new ConfigError([
      `${path}: a path that is not UTF-8 cannot be used: rename it, or mount the disk elsewhere`,
    ]);
  return path;
}
