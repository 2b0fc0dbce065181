import { HostError, NameError } from "@brigade/core";

/** The system's name of an error (`ENOSPC`), or nothing. */
export function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/**
 * A failed disk call in the words of this program: HostError, or NameError when the system refuses the name.
 * Anything that is not a system's error is thrown on as it is: a bug of ours.
 */
export function diskError(error: unknown, doing: string): HostError | NameError {
  if (error instanceof HostError || error instanceof NameError) return error;
  const code = errorCode(error);
  const message = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new HostError("full", message, { cause: error });
    case "ENAMETOOLONG":
    case "EILSEQ":
      return new NameError(message, { cause: error });
    default:
      if (!/^E[A-Z0-9]+$/.test(code)) throw error;
      return new HostError("io", message, { cause: error });
  }
}
