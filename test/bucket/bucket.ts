import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Answer, sendAnswer } from "./answer.ts";
import { bytesOf } from "./bodies/body.ts";
import { createDigests } from "./bodies/digests.ts";
import { type Counters, createCounters } from "./counters.ts";
import { domainAnswer, edgeAnswer } from "./domain.ts";
import { chooseFaults, type FaultRule } from "./faults/rules.ts";
import { listen } from "./listener.ts";
import type { BucketOptions } from "./options.ts";
import { rangesAtOnce } from "./ranges-at-once.ts";
import { errorReply, send } from "./reply.ts";
import { restAnswer } from "./rest.ts";
import type { Service } from "./service.ts";
import { changingTree } from "./trees/changing.ts";
import type { ExplicitObject } from "./trees/explicit.ts";
import type { ObjectSet } from "./trees/object-set.ts";
import { rendered } from "./versions.ts";

/**
 * `status`: 503 to everything; `reset`: every connection is reset; `refused`: the port is closed.
 */
export type Outage = "off" | "status" | "reset" | "refused";

/** A running bucket: the REST host and the public domain of one service. */
export interface Bucket extends AsyncDisposable {
  readonly name: string;
  readonly operator: string;
  readonly restUrl: string;
  readonly domainUrl: string;
  readonly counters: Counters;
  /** The objects in the bucket now. */
  readonly tree: ObjectSet;
  /** Times that the body of a key was asked for, by either way. */
  fetches(key: string): number;
  /** Times that a directory's pages were asked for. */
  listings(directory: string): number;
  /** Times that a key's metadata was asked for. */
  heads(key: string): number;
  /** The bytes that the store has under a key, or that the domain renders as a version of it. */
  bodyOf(key: string, version?: string): Buffer;
  put(key: string, object: Uint8Array | ExplicitObject): void;
  remove(key: string): void;
  forbid(...keys: readonly string[]): void;
  vanish(...keys: readonly string[]): void;
  /** Makes keys neither forbidden nor vanished. */
  restore(...keys: readonly string[]): void;
  /** Replaces all rules; their counts begin anew. */
  setFaults(rules: readonly FaultRule[]): void;
  setPassword(password: string): void;
  setOutage(outage: Outage): Promise<void>;
  /** Drops the public domain's stale copies and remembered 404s. */
  purge(): void;
  close(): Promise<void>;
}

type Answerer = (service: Service, request: IncomingMessage) => Answer;

export async function startBucket(options: BucketOptions): Promise<Bucket> {
  const {
    name = "demo",
    operator = "operator",
    password = "password",
    seed = 1,
    host = "127.0.0.1",
  } = options;
  const counts = {
    fetch: new Map<string, number>(),
    head: new Map<string, number>(),
    list: new Map<string, number>(),
  };
  const now = options.now ?? Date.now;
  let outage: Outage = "off";
  const sending = new Set<() => number>();
  const service: Service = {
    name,
    options,
    tree: changingTree(options.tree),
    digests: createDigests(),
    counters: createCounters(() => sending.values().reduce((sum, bytes) => sum + bytes(), 0)),
    forbidden: new Set(options.forbidden),
    vanished: new Set(options.vanished),
    stale: new Map(),
    cached404: new Map(),
    now,
    account: { operator, password },
    chooseFault: chooseFaults(options.faults ?? [], seed),
    count(kind, key) {
      if (options.countKeys !== false) counts[kind].set(key, (counts[kind].get(key) ?? 0) + 1);
    },
    date: dateHeader(now),
    domainUrl: "",
    edgeUrl: "",
  };

  const uncrowded = rangesAtOnce(service);
  function reply(answerTo: Answerer, request: IncomingMessage, response: ServerResponse): void {
    if (outage === "off") {
      if (options.ranges === "ignored") delete request.headers.range;
      sendAnswer(service, request, response, uncrowded(answerTo(service, request), request, response));
      return;
    }
    service.counters.outage++;
    if (outage === "status") send(response, errorReply(50300028, "rest"), service.date());
    else request.socket.resetAndDestroy();
  }

  /** Counts a request while it is open. */
  const listener =
    (answerTo: Answerer): RequestListener =>
    (request, response) => {
      const { counters } = service;
      counters.peak = Math.max(counters.peak, ++counters.open);
      const before = request.socket.bytesWritten;
      const bytes = () => request.socket.bytesWritten - before;
      sending.add(bytes);
      response.once("close", () => {
        counters.open--;
        counters.bytes += bytes();
        sending.delete(bytes);
      });
      if (options.latencyMs) setTimeout(() => reply(answerTo, request, response), options.latencyMs);
      else reply(answerTo, request, response);
    };

  const rest = await listen(listener(restAnswer), host, options.restPort);
  const domain = await listen(listener(domainAnswer), host, options.domainPort);
  const edge = await listen(listener(edgeAnswer), host);
  service.domainUrl = domain.url;
  service.edgeUrl = edge.url;
  const listeners = [rest, domain, edge];
  const closeAll = async () => {
    await Promise.all(listeners.map((each) => each.close()));
  };

  function beforeChange(key: string): void {
    service.digests.clear();
    if (options.domain?.staleCopies && !service.stale.has(key))
      service.stale.set(key, service.tree.object(key));
  }

  return {
    name,
    operator,
    restUrl: rest.url,
    domainUrl: domain.url,
    counters: service.counters,
    tree: service.tree,
    fetches: (key) => counts.fetch.get(key) ?? 0,
    listings: (directory) => counts.list.get(directory) ?? 0,
    heads: (key) => counts.head.get(key) ?? 0,
    bodyOf(key, version) {
      const object = service.tree.object(key);
      if (!object) throw new RangeError(`no such object: ${key}`);
      return bytesOf((version === undefined ? object : rendered(key, version, object)).body);
    },
    put(key, object) {
      beforeChange(key);
      service.tree.put(key, object);
    },
    remove(key) {
      beforeChange(key);
      service.tree.remove(key);
    },
    forbid(...keys) {
      for (const key of keys) service.forbidden.add(key);
    },
    vanish(...keys) {
      for (const key of keys) service.vanished.add(key);
    },
    restore(...keys) {
      for (const key of keys) {
        service.forbidden.delete(key);
        service.vanished.delete(key);
      }
    },
    setFaults(rules) {
      service.chooseFault = chooseFaults(rules, seed);
    },
    setPassword(changed) {
      service.account = { operator, password: changed };
    },
    async setOutage(next) {
      outage = next;
      if (next === "refused") await closeAll();
      else await Promise.all(listeners.map((each) => each.open()));
    },
    purge() {
      service.stale.clear();
      service.cached404.clear();
      service.digests.clear();
    },
    close: closeAll,
    [Symbol.asyncDispose]: closeAll,
  };
}

/** The Date header, formatted once per second. */
function dateHeader(now: () => number): () => string {
  let second = Number.NaN;
  let text = "";
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      text = new Date(current * 1000).toUTCString();
    }
    return text;
  };
}
