import type { ResponseBody } from "./response-body.ts";

/** Bytes of an error's body that are read. */
const limit = 16 * 1024;

/**
 * Returns the beginning of a small body. If the body breaks off, the received part is enough: the
 * status has already come.
 */
export async function readText(body: ResponseBody): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body.chunks()) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size >= limit) break;
    }
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw error;
  }
  return Buffer.concat(chunks).subarray(0, limit).toString("utf8");
}
