import { parseSource } from "@brigade/sources";
import { cancelJob } from "../../fleet/cancel-job.ts";
import { readFleet } from "../../fleet/fleet.ts";
import { readEnvironment } from "../../settings/environment.ts";
import { print, printJson } from "../../terminal/terminal.ts";

export async function cancel(source: string, { json }: { json?: true }, signal: AbortSignal): Promise<void> {
  const environment = readEnvironment({}, process.env);
  const { name } = parseSource(source, environment);
  const { ledger, connect } = readFleet("cancel", environment, signal);
  await using admin = await connect();
  const { job, purged } = await cancelJob(name, { ledger, admin, signal });
  if (json) await printJson({ source: name, job, purged });
  else {
    const what = job === undefined ? `no job of "${name}" was open` : `${job} is cancelled`;
    await print(`${what}; ${purged} messages were dropped`);
  }
}
