import { decodeMessage, MessageError } from "../../src/index.ts";
import { bombs } from "./bombs.ts";

/**
 * A process of its own: makes a bomb by name, decodes it if told to, and tells its peak of memory,
 * MiB.
 */
const [name = "", how = ""] = process.argv.slice(2);
const body = bombs[name]?.();
if (body === undefined) throw new Error(`no bomb ${name}`);
let refused = "";
const began = performance.now();
try {
  if (how === "decode") decodeMessage(body);
} catch (error) {
  if (!(error instanceof MessageError)) throw error;
  refused = error.message;
}
const ms = Math.round(performance.now() - began);
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(JSON.stringify({ refused, ms, peak }));
