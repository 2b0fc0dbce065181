import { type IncomingHttpHeaders, request } from "node:http";
import { type Bucket, signatureOf } from "../index.ts";

export interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Called as bytes arrive, with how many have. */
  readonly onBytes?: (count: number) => void;
}

/**
 * One request with the path as given, nothing folded; rejects when the body does not end properly.
 */
export function ask(base: string, path: string, { method = "GET", headers = {}, onBytes }: Asked = {}) {
  const { hostname, port } = new URL(base);
  const sent = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value as string | string[]]),
  );
  return new Promise<Response>((resolve, reject) => {
    const outgoing = request({ hostname, port, path, method, headers: sent, agent: false }, (incoming) => {
      const chunks: Buffer[] = [];
      let count = 0;
      incoming.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        count += chunk.length;
        onBytes?.(count);
      });
      incoming.once("error", reject);
      incoming.once("end", () => {
        const body = Buffer.concat(chunks);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body, text: body.toString() });
      });
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}

/** A signed request for a key or a directory of the bucket, which is encoded here. */
export function askRest(bucket: Bucket, key: string, { method = "GET", headers = {}, ...rest }: Asked = {}) {
  const path = `/${bucket.name}/${encodeKey(key)}`;
  return ask(bucket.restUrl, path, { method, headers: { ...signed(method, path), ...headers }, ...rest });
}

export function signed(method: string, path: string, date = new Date(), password = "password") {
  const stamp = date.toUTCString();
  return { Date: stamp, Authorization: `UPYUN operator:${signatureOf(password, [method, path, stamp])}` };
}

export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replaceAll("%2F", "/")
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The rows of a text page. */
export function rowsOf(text: string): string[][] {
  return text === "" ? [] : text.split("\n").map((line) => line.split("\t"));
}

/** Every row of a directory and the number of pages it took. */
export async function listAll(bucket: Bucket, directory: string, limit: number, headers = {}) {
  const rows: string[][] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const paging = {
      "x-list-limit": String(limit),
      ...(cursor === undefined ? {} : { "x-list-iter": cursor }),
    };
    const page = await askRest(bucket, directory === "" ? "" : `${directory}/`, {
      headers: { ...paging, ...headers },
    });
    if (page.status !== 200) throw new Error(page.text);
    rows.push(...rowsOf(page.text));
    cursor = String(page.headers["x-upyun-list-iter"]);
    pages++;
  } while (cursor !== "g2gCZAAEbmV4dGQAA2VvZg");
  return { rows, pages };
}

export function codeOf({ text }: Response): unknown {
  return (JSON.parse(text) as { code: unknown }).code;
}
