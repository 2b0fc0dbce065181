// Imported into a command before all else: notes, in the file LOADED_MODULES, that a process began,
// and each module that it loads.
import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

const file = process.env.LOADED_MODULES ?? "";
appendFileSync(file, "a process\n");
registerHooks({
  load(url, context, next) {
    appendFileSync(file, `${url}\n`);
    return next(url, context);
  },
});
