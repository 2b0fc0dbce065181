// Imported into a command before all else: notes, in the file LOADED_MODULES, that a process began,
// and each module that one of its threads loads.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";

const file = process.env.LOADED_MODULES ?? "";
if (isMainThread) appendFileSync(file, "a process\n");
registerHooks({
  load(url, context, next) {
    appendFileSync(file, `${url}\n`);
    return next(url, context);
  },
});
