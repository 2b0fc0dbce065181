import { isIPv6, type Socket } from "node:net";
import type { buildConnector } from "undici";
import { Unreached } from "../faults/unreached.ts";
import { errors } from "./undici.ts";

/**
 * Begins a connection to the address of `hostname`, and returns its socket at once. It has no time
 * limit.
 */
export type OpenSocket = (where: buildConnector.Options, done: buildConnector.Callback) => Socket;

/** Milliseconds from one address to the next (RFC 8305, section 5). */
const untilNext = 250;

/**
 * One connection to a host ("Happy Eyeballs", RFC 8305): the attempts to its addresses begin at
 * short intervals, and the first that is ready is used.
 */
export class Race {
  readonly #where: buildConnector.Options;
  readonly #openSocket: OpenSocket;
  readonly #done: buildConnector.Callback;
  readonly #limit: NodeJS.Timeout;
  #next: NodeJS.Timeout | undefined;
  #waiting: string[] = [];
  readonly #running = new Map<string, Socket>();
  readonly #failed = new Map<string, Error>();
  #isOver = false;

  /** The time limit begins now. `done` is called once. */
  constructor(
    where: buildConnector.Options,
    openSocket: OpenSocket,
    done: buildConnector.Callback,
    connectTimeoutMs: number,
  ) {
    this.#where = where;
    this.#openSocket = openSocket;
    this.#done = done;
    this.#limit = setTimeout(() => this.fail(this.#timeout(connectTimeoutMs)), connectTimeoutMs);
  }

  run(addresses: readonly string[]): void {
    if (this.#isOver) return;
    this.#waiting = inTurns(addresses);
    this.#tryNext();
  }

  fail(error: Error): void {
    if (!this.#end()) return;
    this.#done(error, null);
  }

  #tryNext(): void {
    clearTimeout(this.#next);
    const address = this.#waiting.shift();
    if (address === undefined) return;
    const socket = this.#openSocket({ ...this.#where, hostname: address }, (...[error, ready]) => {
      if (error === null) this.#win(address, ready);
      else this.#lose(address, error);
    });
    this.#running.set(address, socket);
    // A reached address needs no others; TLS may take any time.
    socket.once("connect", () => clearTimeout(this.#next));
    if (this.#waiting.length > 0) this.#next = setTimeout(() => this.#tryNext(), untilNext);
  }

  #win(address: string, socket: Socket): void {
    this.#running.delete(address);
    if (this.#end()) this.#done(null, socket);
    else socket.destroy();
  }

  #lose(address: string, error: Error): void {
    this.#running.delete(address);
    if (this.#isOver) return;
    this.#failed.set(address, error);
    if (this.#waiting.length > 0) this.#tryNext();
    else if (this.#running.size === 0) this.fail(this.#allFailed(error));
  }

  #allFailed(last: Error): Error {
    return this.#failed.size > 1 ? new Unreached(this.#failed) : last;
  }

  #timeout(ms: number): Error {
    const { hostname, port } = this.#where;
    const tried = [...this.#running.keys()];
    const named = tried.length === 0 ? `${hostname}:${port}` : tried.join(", ");
    const error = new errors.ConnectTimeoutError(
      `Connect Timeout Error (attempted: ${named}, timeout: ${ms}ms)`,
    );
    if (this.#failed.size > 0) error.cause = new Unreached(this.#failed, tried);
    return error;
  }

  /** True if it was under way. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#limit);
    clearTimeout(this.#next);
    for (const socket of this.#running.values()) socket.destroy();
    return true;
  }
}

/** Alternates between IPv6 and IPv4, beginning with the first address: one family may not work. */
function inTurns(addresses: readonly string[]): string[] {
  const all = [...new Set(addresses)];
  const isFirst = (address: string) => isIPv6(address) === isIPv6(all[0] ?? "");
  const [first, second] = [all.filter(isFirst), all.filter((address) => !isFirst(address))];
  return all.flatMap((_, at) => [first[at], second[at]]).filter((address) => address !== undefined);
}
