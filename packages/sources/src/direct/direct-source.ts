import type { DirectAnswer, DirectFault, DirectServer, ObjectKey } from "@brigade/core";
import type { Origin } from "../http/client.ts";
import { readAuthorities } from "../http/connecting/trust.ts";
import type { FetchVariables, Routed } from "../http/fetch-variables.ts";
import { proxyFor } from "../http/proxies/proxies.ts";
import { encodePath, isRequestable } from "../http/requests/encode.ts";
import type { Pacing } from "../pacing/pacing.ts";

/** How the threads of volumes request the objects of a source, and what becomes of the answers. */
export interface DirectSource {
  readonly server: DirectServer;
  /**
   * Whether requests may be sent without a turn: nothing has been found out that limits their number
   * or their rate.
   */
  readonly isFree: boolean;
  /** Requests at once, at most, over all threads, at this moment: others have or need the rest. */
  readonly places: number;
  /** Whether this key can be requested by its path alone. */
  accepts(key: ObjectKey): boolean;
  /** An answer was of no use, or did not come: the usual way gets it for its next request. */
  leave(key: ObjectKey, came: DirectAnswer | DirectFault): void;
  /** Objects came, with this number of bytes. `running`: requests of all threads under way. */
  arrived(objects: number, bytes: number, running: number): void;
  /** The server serves this number of connections, and no others. */
  servesOnly(connections: number): void;
}

export interface DirectParts {
  readonly origin: Origin;
  readonly pacing: Pacing;
  readonly config: FetchVariables & Routed;
  readonly adapter: DirectServer["adapter"];
  /** Name, value, name, value… of each request. */
  readonly headers: readonly string[];
  /** Whether the server reads the path of a key as that of another. */
  readonly misreads?: (key: ObjectKey) => boolean;
}

/** The path of a key at a server, as it is sent. */
export function pathOf(key: ObjectKey): string {
  return `/${encodePath(key)}`;
}

/** Returns `undefined` if the way to the server leads through a proxy. */
export function directSource(parts: DirectParts): DirectSource | undefined {
  const { origin, pacing, config, adapter, headers, misreads } = parts;
  if (proxyFor(new URL(origin.name), config.proxies) !== undefined) return undefined;
  const threads = () => pacing.of(origin.name).threads;
  const { SSL_CERT_FILE, NODE_EXTRA_CA_CERTS } = config;
  // Read now, as for the usual way: a file may be gone when a thread first needs it.
  const authorities = readAuthorities({ SSL_CERT_FILE, NODE_EXTRA_CA_CERTS });
  return {
    server: {
      origin: origin.name,
      headers,
      adapter,
      connections: config.FETCH_CONCURRENCY.most,
      connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
      headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
      silenceTimeoutMs: config.SILENCE_TIMEOUT_MS,
      allowPrivate: config.ALLOW_PRIVATE,
      authorities,
    },
    get isFree() {
      return !pacing.isHeld && threads().isFree;
    },
    get places() {
      return threads().places;
    },
    accepts: (key) => isRequestable(key) && misreads?.(key) !== true,
    leave: (key, came) => origin.leave(pathOf(key), came),
    servesOnly: (connections) => threads().servesOnly(connections),
    arrived: (objects, bytes, running) => {
      if (objects > 0) origin.route.answered(200);
      threads().arrived(objects, bytes, running);
    },
  };
}
