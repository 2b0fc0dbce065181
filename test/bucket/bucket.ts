import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type Answer, sendAnswer } from "./answer.ts";
import type { Account } from "./auth.ts";
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

/** What the tests change while a bucket runs. */
interface BucketChanges {
  put(key: string, object: Uint8Array | ExplicitObject): void;
  remove(key: string): void;
  forbid(...keys: readonly string[]): void;
  vanish(...keys: readonly string[]): void;
  /** Makes keys neither forbidden nor vanished. */
  restore(...keys: readonly string[]): void;
  /** Replaces all rules; their counts begin anew. */
  setFaults(rules: readonly FaultRule[]): void;
  setPassword(password: string): void;
  /** Drops the public domain's stale copies and cached 404s. */
  purge(): void;
}

/** What was requested of a bucket so far. */
interface BucketCounts {
  readonly counters: Counters;
  /** Times that the body of a key was requested, by either way. */
  fetches(key: string): number;
  /** Times that a directory's pages were requested. */
  listings(directory: string): number;
  /** Times that a key's metadata was requested. */
  heads(key: string): number;
}

/** A running bucket: the REST host and the public domain of one service. */
export interface Bucket extends BucketChanges, BucketCounts, AsyncDisposable {
  readonly name: string;
  readonly operator: string;
  readonly restUrl: string;
  readonly domainUrl: string;
  /** The objects in the bucket now. */
  readonly tree: ObjectSet;
  /** The bytes that the store has under a key, or that the domain renders as a version of it. */
  bodyOf(key: string, version?: string): Buffer;
  setOutage(outage: Outage): Promise<void>;
  close(): Promise<void>;
}

type Answerer = (service: Service, request: IncomingMessage) => Answer;
type Counts = Readonly<Record<"fetch" | "head" | "list", Map<string, number>>>;
/** Bytes that the answers under way have sent, each by a function. */
type Sending = Set<() => number>;

const defaultAccount: Account = { operator: "operator", password: "password" };

export async function startBucket(options: BucketOptions): Promise<Bucket> {
  const counts: Counts = { fetch: new Map(), head: new Map(), list: new Map() };
  const sending: Sending = new Set();
  const service = serviceOf(options, counts, sending);
  let outage: Outage = "off";
  const listenerOf = listeners(service, sending, () => outage);
  const { host = "127.0.0.1" } = options;
  const rest = await listen(listenerOf(restAnswer), host, options.restPort);
  const domain = await listen(listenerOf(domainAnswer), host, options.domainPort);
  const edge = await listen(listenerOf(edgeAnswer), host);
  service.domainUrl = domain.url;
  service.edgeUrl = edge.url;
  const all = [rest, domain, edge];
  const closeAll = async () => {
    await Promise.all(all.map((each) => each.close()));
  };
  return {
    ...changesOf(service),
    name: service.name,
    operator: service.account.operator,
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
    async setOutage(next) {
      outage = next;
      if (next === "refused") await closeAll();
      else await Promise.all(all.map((each) => each.open()));
    },
    close: closeAll,
    [Symbol.asyncDispose]: closeAll,
  };
}

function serviceOf(options: BucketOptions, counts: Counts, sending: Sending): Service {
  const { name = "demo", now = Date.now, seed = 1 } = options;
  const { operator = defaultAccount.operator, password = defaultAccount.password } = options;
  return {
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
}

/** Returns a function that makes the listener of one host. */
function listeners(
  service: Service,
  sending: Sending,
  outage: () => Outage,
): (answerTo: Answerer) => RequestListener {
  const { counters, options } = service;
  const uncrowded = rangesAtOnce(service);
  function reply(answerTo: Answerer, request: IncomingMessage, response: ServerResponse): void {
    if (outage() === "off") {
      if (options.ranges === "ignored") delete request.headers.range;
      sendAnswer(service, request, response, uncrowded(answerTo(service, request), request, response));
      return;
    }
    counters.outage++;
    if (outage() === "status") send(response, errorReply(50300028, "rest"), service.date());
    else request.socket.resetAndDestroy();
  }
  return (answerTo) => (request, response) => {
    // A request is counted while it is open.
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
}

function changesOf(service: Service): BucketChanges {
  const { options, account, stale, forbidden, vanished } = service;
  function beforeChange(key: string): void {
    service.digests.clear();
    if (options.domain?.staleCopies && !stale.has(key)) stale.set(key, service.tree.object(key));
  }
  return {
    put(key, object) {
      beforeChange(key);
      service.tree.put(key, object);
    },
    remove(key) {
      beforeChange(key);
      service.tree.remove(key);
    },
    forbid(...keys) {
      for (const key of keys) forbidden.add(key);
    },
    vanish(...keys) {
      for (const key of keys) vanished.add(key);
    },
    restore(...keys) {
      for (const key of keys) {
        forbidden.delete(key);
        vanished.delete(key);
      }
    },
    setFaults(rules) {
      service.chooseFault = chooseFaults(rules, options.seed ?? 1);
    },
    setPassword(password) {
      service.account = { operator: account.operator, password };
    },
    purge() {
      stale.clear();
      service.cached404.clear();
      service.digests.clear();
    },
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
