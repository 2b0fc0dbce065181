import { readFileSync } from "node:fs";
import { ConfigError, type Environment } from "@brigade/core";
import { parse } from "dotenv";
import { isWorkingFolderGone } from "./working-folder.ts";

/** Flags win over the environment, which wins over `.env` in the working directory. Throws ConfigError. */
export function readEnvironment(flags: Environment, process: Environment): Environment {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return Object.freeze({ ...readEnvironmentFile(), ...process, ...given });
}

/** Variables of `.env`; none where there is no such file. Throws ConfigError. */
export function readEnvironmentFile(): Environment {
  const path = ".env";
  if (isWorkingFolderGone()) return {};
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    if (error.code === "ENOENT") return {};
    const reasons: Readonly<Record<string, string>> = {
      EISDIR: "it is a folder: it must be a text file, or not be there",
      EACCES: "this user may not read it: change its owner or mode, or start brigade in another folder",
      EPERM: "this user may not read it: change its owner or mode, or start brigade in another folder",
      ELOOP: "it is a link to itself",
    };
    throw new ConfigError([`${path} cannot be read: ${reasons[String(error.code)] ?? error.message}`], {
      cause: error,
    });
  }
  return parse(withHashes(decoded(path, bytes)));
}

/** In a value without quotes, # begins a comment only after a blank, as for docker compose; for dotenv it does anywhere. */
function withHashes(text: string): string {
  return text.replaceAll(/^(\s*(?:export\s+)?[\w.-]+\s*=[ \t]*)([^\s'"`#][^\r\n]*)/gm, (line, name, rest) => {
    const value = rest.replace(/\s+#.*$/, "").trimEnd();
    const quote = ["'", '"', "`"].find((one) => !value.includes(one));
    return value.includes("#") && quote !== undefined ? name + quote + value + quote : line;
  });
}

/** Bytes of the file, and blanks and empty lines in a row: the parser's time grows with the square of the latter. */
const mostBytes = 64 * 1024;
const mostBlanks = 1_000;

function decoded(path: string, bytes: Buffer): string {
  if (bytes.length > mostBytes) throw new ConfigError([`${path} has more than ${mostBytes} bytes`]);
  const problem = `${path} is not text in UTF-8: save it in that encoding`;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError([problem], { cause: error });
  }
  // So UTF-16 of plain letters comes out.
  if (text.includes("\0")) throw new ConfigError([problem]);
  if (new RegExp(`\\s{${mostBlanks + 1}}`).test(text))
    throw new ConfigError([
      `${path} has more than ${mostBlanks} blanks or empty lines in a row: remove them`,
    ]);
  return text;
}
