import type { Command } from "commander";
import type { CopyFlags } from "../actions/copy.ts";
import { addFilterOptions } from "../options/filter-options.ts";
import { addCommand } from "../options/outlines.ts";
import { allowPrivateOption, sourceArgument } from "../options/source-options.ts";
import type { ExitCode } from "../process/exit-code.ts";

/** `brigade copy`: one machine, embedded broker. */
export function addCopy(program: Command, done: (code: ExitCode) => void, signal: AbortSignal): void {
  const command = addCommand(program, "copy")
    .argument("<source>", sourceArgument)
    .argument(
      "[volume...]",
      "folders to store in, one per disk; those that are no volumes are made volumes (VOLUMES)",
    );
  addFilterOptions(command)
    .option("--dry-run", "only list, and print objects and bytes by directory")
    .option("--json", "the result as one JSON document on stdout")
    .option("--restart", "forget an unfinished run instead of going on with it")
    .option("--durability <mode>", "group (default), file or none: the README has the risks")
    .option("--concurrency <n>", "fetches at once, or auto (FETCH_CONCURRENCY)")
    .option("--bandwidth <size>", "bytes per second, all connections together, such as 20MB")
    .option(...allowPrivateOption)
    .option("--state-dir <folder>", "where queues and catalogue are kept (STATE_DIR)")
    .option(
      "--names <kind>",
      "of new volumes: portable (file names that exFAT, NTFS and SMB hold, too) or plain (default)",
    )
    .option(
      "--new-volume",
      "let a new volume begin in the place of another one (its disk is lost, or elsewhere)",
    )
    .option("--http [port]", "show the progress on a page of this machine, http://127.0.0.1:9100")
    .option("--log-level <level>", "debug, info, warn, error (LOG_LEVEL)")
    .action(async (source: string, volumes: string[], flags: CopyFlags) => {
      const { copy } = await import("../actions/copy.ts");
      done(await copy(source, volumes, flags, signal));
    });
}
