import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { DirectFetch, DirectOutcome, ObjectEntry } from "@brigade/core";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { type LocalVolume, openVolume } from "@brigade/volumes";
import type { Certificate } from "../../../test/certificate.ts";
import { silentLog } from "../../../test/logs.ts";
import { createDirectFetch, fetchWriteEntry } from "../src/index.ts";

/** Unix seconds, of all objects. */
export const modified = 1_700_000_000;
export const text = "the bytes of an object";
const fingerprint = "f".repeat(64);

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface Scene {
  readonly source: ConfiguredSource;
  readonly volume: LocalVolume;
  readonly root: string;
  readonly direct: DirectFetch;
  /** The paths of all requests, in order. */
  readonly requests: string[];
  /** Brings objects; resolves with what came of each, by its key. */
  bring(objects: readonly ObjectEntry[], signal?: AbortSignal): Promise<Map<string, DirectOutcome>>;
}

/** A site, a volume whose thread fetches, and the short way between them. */
export async function sceneOf(
  t: TestContext,
  answers: Readonly<Record<string, Answer>> = {},
  environment: Readonly<Record<string, string>> = {},
  threads = 1,
  certificate?: Certificate,
): Promise<Scene> {
  const requests: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "/";
    requests.push(path);
    (answers[path] ?? asListed)(response, request);
  };
  const server = certificate === undefined ? createServer(answer) : createTlsServer(certificate, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const root = mkdtempSync(join(tmpdir(), "brigade-fetch-write-"));
  const scheme = certificate === undefined ? "http" : "https";
  const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const source = parseSource(url, environment).create(environment, "site");
  const volume = await openVolume(root, {
    ...{ init: true, instance: "here", durability: "group", log: silentLog },
    fetching: { entry: fetchWriteEntry, number: threads },
  });
  const direct = createDirectFetch(source, { volumes: [volume] });
  if (direct === undefined) throw new Error("there is no short way");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await source[Symbol.asyncDispose]();
    await volume[Symbol.asyncDispose]();
    rmSync(root, { recursive: true });
  });
  const bring: Scene["bring"] = async (objects, signal = new AbortController().signal) => {
    const outcomes = new Map<string, DirectOutcome>();
    const job = { id: "job", source: "site", fingerprint, prefix: "" } as never;
    await direct.bring({ job, volume, objects, isPaused: () => false }, signal, (at, outcome) => {
      const key = objects[at]?.key ?? "";
      if (outcomes.has(key)) throw new Error(`${key} came twice`);
      outcomes.set(key, outcome);
    });
    return outcomes;
  };
  return { source, volume, root, direct, requests, bring };
}

export function entry(key: string, more: Partial<ObjectEntry> = {}): ObjectEntry {
  return { key, size: text.length, modified, ...more };
}

/** Answers with the object as it is listed; with other headers, if any. */
export function asListed(response: ServerResponse, _request?: IncomingMessage, more = {}): void {
  response.writeHead(200, { ...headersOf(text), ...more }).end(text);
}

export function headersOf(body: string): Record<string, string> {
  return {
    "content-length": `${body.length}`,
    "last-modified": new Date(modified * 1000).toUTCString(),
    "content-md5": createHash("md5").update(body).digest("base64"),
  };
}
