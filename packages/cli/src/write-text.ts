import { once } from "node:events";
import type { Writable } from "node:stream";

/** Writes as fast as the stream takes it; to standard output by default. */
export async function writeText(text: string, stream: Writable = process.stdout): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}
