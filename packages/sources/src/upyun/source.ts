import type {
  ByteRange,
  Cursor,
  Environment,
  ObjectBody,
  ObjectEntry,
  ObjectKey,
  Page,
  Source,
  WantedObject,
} from "@brigade/core";
import type { DirectSource } from "../direct/direct-source.ts";
import { HttpClient } from "../http/client.ts";
import { clientOptions } from "../http/fetch-variables.ts";
import { assertRequestable } from "../http/requests/encode.ts";
import type { Pacing } from "../pacing/pacing.ts";
import { StateFolder } from "../pages/state-folder.ts";
import { Notices } from "../reference/notices.ts";
import type { StoreClock } from "../reference/source-reference.ts";
import { fingerprint, readConfig, type UpyunConfig } from "./config.ts";
import { Listing } from "./listing/listing.ts";
import { Domain } from "./objects/domain.ts";
import { OriginalByDomain } from "./objects/original.ts";
import { VariantByDomain } from "./objects/variant.ts";
import { Rest } from "./rest/rest.ts";
import { type Clock, StoreTime, systemClock } from "./rest/signature.ts";
import { Store } from "./rest/store.ts";

/** Connections to the REST API beyond those for bodies: for pages and metadata. */
const besideBodies = 32;

interface Delivery {
  open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody>;
}

/**
 * A UpYun (USS) bucket: listing and metadata by the REST API, bodies by its public domain if one is
 * set.
 */
export class UpyunSource implements Source, AsyncDisposable {
  readonly fingerprint: string;
  readonly variant: string | undefined;
  readonly manyOrigins = false;
  /** The most bodies at once by the configuration (FETCH_CONCURRENCY). */
  readonly concurrency: number;
  readonly address: string;
  readonly clock: StoreClock;
  readonly pacing: Pacing;
  readonly direct: DirectSource | undefined;
  readonly notices = new Notices();
  readonly #client: HttpClient;
  readonly #store: Store;
  readonly #listing: Listing;
  readonly #delivery: Delivery;

  constructor(config: UpyunConfig, clock: Clock = systemClock) {
    this.fingerprint = fingerprint(config);
    this.concurrency = config.FETCH_CONCURRENCY.most;
    this.#client = new HttpClient(clientOptions(config));
    this.pacing = this.#client.pacing;
    const time = new StoreTime(clock);
    const rest = this.#rest(config, time);
    this.address = config.UPYUN_ENDPOINT;
    this.clock = { ask: (signal) => rest.clock(signal) };
    this.#store = new Store(rest);
    const { UPYUN_LIST_FORMAT: format, LIST_PAGE_SIZE: pageSize, UPYUN_VERSION: version } = config;
    this.#listing = new Listing(rest, this.#store, {
      format,
      pageSize,
      folder: new StateFolder(config.STATE_DIR, config.MIN_FREE),
    });
    const { delivery, direct } = this.#chooseDelivery(config, time);
    this.#delivery = delivery;
    this.direct = direct;
    this.variant = version;
  }

  async listPage(directory: string, cursor: Cursor | undefined, signal: AbortSignal): Promise<Page> {
    return await this.#listing.page(directory, cursor, signal);
  }

  async open(object: WantedObject, range: ByteRange | undefined, signal: AbortSignal): Promise<ObjectBody> {
    assertRequestable(object.key);
    return await this.#delivery.open(object, range, signal);
  }

  async stat(key: ObjectKey, signal: AbortSignal): Promise<ObjectEntry | undefined> {
    assertRequestable(key);
    return await this.#store.stat(key, signal);
  }

  /** Breaks off requests that are still under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    this.#listing[Symbol.dispose]();
  }

  #rest(config: UpyunConfig, time: StoreTime): Rest {
    const origin = this.#client.origin(config.UPYUN_ENDPOINT, config.FETCH_CONCURRENCY.most + besideBodies, {
      address: "UPYUN_ENDPOINT",
    });
    const options = {
      bucket: config.bucket,
      operator: config.UPYUN_OPERATOR,
      password: config.UPYUN_PASSWORD,
      auth: config.UPYUN_AUTH,
      userAgent: config.USER_AGENT,
    };
    return new Rest(origin, options, time);
  }

  #chooseDelivery(
    config: UpyunConfig,
    time: StoreTime,
  ): { delivery: Delivery; direct?: DirectSource | undefined } {
    const { UPYUN_DOMAIN: origin, UPYUN_VERSION: version } = config;
    if (origin === undefined) return { delivery: this.#store };
    const domain = new Domain(this.#client, origin, config, time, this.notices);
    const original = new OriginalByDomain(domain, this.#store);
    if (version === undefined) return { delivery: original, direct: domain.direct(this.pacing, config) };
    const fallback = config.UPYUN_VERSION_FALLBACK;
    return { delivery: new VariantByDomain(domain, original, this.#store, { version, fallback }) };
  }
}

/** Throws ConfigError with all problems. `name`: the source's, for variables of its own. */
export function createUpyunSource(environment: Environment, bucket: string, name: string): UpyunSource {
  return new UpyunSource(readConfig(environment, bucket, name));
}
