import { closeSync, openSync } from "node:fs";
import { HostError } from "@brigade/core";
import { decodeWithCare } from "../src/decode-with-care.ts";
import { filesMessage } from "./sample-messages.ts";

/**
 * Decodes a message alone while this process can open no file, and again when it can. To be started
 * with few.
 */
const body = JSON.stringify(filesMessage("photos"));
const open: number[] = [];
try {
  for (;;) open.push(openSync("/dev/null", "r"));
} catch {
  // none is left
}
try {
  await decodeWithCare(body, 3);
} catch (error) {
  console.log(error instanceof HostError ? `${error.name} ${error.kind}` : String(error));
}
for (const descriptor of open) closeSync(descriptor);
console.log((await decodeWithCare(body, 3)).type);
