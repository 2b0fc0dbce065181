import { HttpFiles } from "@brigade/sources/get";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { print, printJson, tell } from "../terminal/terminal.ts";
import { formatBytes, formatDuration } from "../terminal/units.ts";
import { failureOf } from "./failure.ts";
import { type GetParts, type Got, getFile } from "./get-file.ts";

export interface GetAllParts extends Omit<GetParts, "files"> {
  /** Results on stdout: for people, one JSON line per URL, or none. */
  readonly results: "text" | "json" | "none";
}

/** Fetches one URL after the other. If one fails, the others are fetched, unless all would fail. */
export async function getAll(parts: GetAllParts, signal: AbortSignal): Promise<ExitCode> {
  const { urls, http } = parts.configuration;
  await using files = new HttpFiles(http);
  let code: ExitCode = exitCode.complete;
  for (const url of urls) {
    try {
      await report(await getFile(url, { ...parts, files }, signal), parts.results);
    } catch (error) {
      const failure = signal.aborted ? undefined : failureOf(error);
      if (failure === undefined) throw error;
      tell(failure.message);
      if (parts.results === "json") await printJson({ url: shown(url), error: failure.message });
      if (failure.stopsAll) return failure.exitCode;
      code = urls.length === 1 ? failure.exitCode : exitCode.incomplete;
    }
  }
  return code;
}

/** Without user, password and query. */
function shown({ origin, pathname }: URL): string {
  return origin + pathname;
}

async function report(got: Got, results: GetAllParts["results"]): Promise<void> {
  if (results === "none") return;
  if (results === "json") {
    const seconds = Math.round(got.seconds * 1000) / 1000;
    const checksum = got.checksum === undefined ? null : `${got.checksum.algorithm}:${got.checksum.digest}`;
    await printJson({ ...got, seconds, checksum });
    return;
  }
  const speed = `${formatBytes(got.fetchedBytes / Math.max(got.seconds, 0.001))}/s`;
  const resumed = got.resumedBytes > 0 ? `, ${formatBytes(got.resumedBytes)} were there` : "";
  const checked = got.checksum === undefined ? "" : `, ${got.checksum.algorithm} is right`;
  await print(
    `${got.file}: ${formatBytes(got.bytes)} in ${formatDuration(got.seconds)} (${speed})${resumed}${checked}`,
  );
}
