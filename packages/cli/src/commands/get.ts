import type { Command } from "commander";
import type { GetFlags } from "../get/configuration.ts";
import { addCommand } from "../options/outlines.ts";
import { allowPrivateOption } from "../options/source-options.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade get`: large files from web servers. */
export function addGet(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  addCommand(program, "get")
    .argument("<url...>", "http:// or https:// URLs, one after the other")
    .option(
      "-o, --output <file>",
      "the file, for one URL; by default it gets the server's name for it, or the URL's",
    )
    .option("-d, --directory <folder>", "the folder for files that keep their names (the working folder)")
    .option("--overwrite", "replace a file that is there already")
    .option("--connections <n>", "ranges fetched at once, at most (8)")
    .option("--min-segment <size>", "ranges are not cut shorter than this (1MiB)")
    .option("--referer <url>", "the Referer that the server asks for")
    .option("--header <line>", 'another header, "Name: value", or @file with such lines; repeatable', collect)
    .option("--user-agent <text>", "how the program names itself (bucket-brigade/0.1)")
    .option("--cookie-file <file>", "cookies in Netscape's format, as curl and browsers' exports write it")
    .option(
      "--proxy <url>",
      "http://, https:// or socks5://[user:password@]host:port (HTTPS_PROXY and so on)",
    )
    .option("--bandwidth <size>", "bytes per second, all connections together, such as 2MB")
    .option("--limit-rate <size>", "the same, as curl and wget call it")
    .option("--checksum <digest>", "what must come: sha256:…, sha512:…, sha1:… or md5:…")
    .option("--retries <n>", "times that a range is asked for again while none of its bytes comes (10)")
    .option("--max-time-silent <seconds>", "a connection that is silent for this time is given up (30)")
    .option("--insecure", "do not check certificates: any server that answers is trusted")
    .option(...allowPrivateOption)
    .option("--json", "the results on stdout, as one JSON line per URL")
    .option("--quiet", "only errors")
    .action(async (urls: string[], flags: GetFlags) => {
      const { get } = await import("../actions/get.ts");
      done(await get(urls, flags, signal));
    });
}

function collect(line: string, before: readonly string[] = []): readonly string[] {
  return [...before, line];
}
