import { silentLog } from "../../../../test/logs.ts";
import { openCatalogue } from "../../src/index.ts";
import { syntheticJob } from "../synthetic-job.ts";

/**
 * Started by crash.test.ts, to be killed: records messages a few at a time and says how many are
 * committed.
 */
const [path = "", seed = "", from = ""] = process.argv.slice(2);
const { messages } = syntheticJob(Number(seed), 40);
const catalogue = await openCatalogue({ path, log: silentLog });
for (let at = Number(from); at < messages.length; at += 3) {
  await catalogue.recording.record(messages.slice(at, at + 3));
  process.send?.(Math.min(at + 3, messages.length));
}
await catalogue[Symbol.asyncDispose]();
