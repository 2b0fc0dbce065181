import { once } from "node:events";

/** Writes to standard output as fast as its reader takes it. */
export async function writeText(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}
