import { registerHooks } from "node:module";

/**
 * Preloaded into an unchanged `brigade` (`node --import`): its volumes and its broker are watched,
 * and what they report is noted with the moment (witness/noting.ts).
 */
const watched = new Map([
  ["@brigade/volumes", new URL("volumes.ts", import.meta.url).href],
  ["@brigade/broker", new URL("broker.ts", import.meta.url).href],
]);
const here = new URL(".", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const url = watched.get(specifier);
    if (url === undefined || context.parentURL?.startsWith(here)) return next(specifier, context);
    return { url, shortCircuit: true };
  },
});
