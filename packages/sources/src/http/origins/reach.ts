import { isIP } from "node:net";
import { SourceError } from "@brigade/core";
import { type PrivateKind, privateKind } from "./private-address.ts";

/**
 * The addresses that may be connected to. The check uses the name server's answer, right before the
 * connection.
 */
export interface Reach {
  /**
   * Returns those of a host's addresses that may be reached. Throws PrivateAddress if there are
   * none.
   */
  among(host: string, addresses: readonly string[]): readonly string[];
}

/** No address is left that may be connected to. */
export class PrivateAddress extends Error {
  override readonly name = "PrivateAddress";

  constructor(host: string, address: string, kind: PrivateKind) {
    const which = host === address ? address : `${host} is ${address}, which`;
    const remedy = "ALLOW_PRIVATE=true (or --allow-private) allows it";
    super(
      `${which} is ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind} address, where no list and no redirect may lead: ${remedy}`,
    );
  }
}

export const anywhere: Reach = { among: (_host, addresses) => addresses };

/** For hosts that lists and redirects name. */
export const publicOnly: Reach = {
  among(host, addresses) {
    const allowed = [];
    let refused: PrivateAddress | undefined;
    for (const address of addresses) {
      const kind = privateKind(address);
      if (kind === undefined) allowed.push(address);
      else refused ??= new PrivateAddress(host, address, kind);
    }
    if (allowed.length === 0 && refused !== undefined) throw refused;
    return allowed;
  },
};

/**
 * For hosts that the user named. One that was public when it was first looked up stays so: its name
 * server may be hostile.
 */
export class NamedHosts implements Reach {
  readonly #arePublic = new Map<string, boolean>();

  among(host: string, addresses: readonly string[]): readonly string[] {
    const isPublic =
      this.#arePublic.get(host) ?? addresses.every((address) => privateKind(address) === undefined);
    this.#arePublic.set(host, isPublic);
    return isPublic ? publicOnly.among(host, addresses) : addresses;
  }
}

/**
 * Checks the host without a name server, if it is an address, or `localhost`. `host`: as in a URL.
 */
export function outOfReach(reach: Reach, host: string): PrivateAddress | undefined {
  const plain = host.replace(/^\[(.*)\]$/, "$1");
  const isLocal = /(^|\.)localhost\.?$/i.test(plain);
  if (!isLocal && isIP(plain) === 0) return undefined;
  try {
    reach.among(plain, [isLocal ? "127.0.0.1" : plain]);
    return undefined;
  } catch (error) {
    if (error instanceof PrivateAddress) return error;
    throw error;
  }
}

/**
 * Returns the error of an origin whose address may not be connected to: no waiting helps, and other
 * origins are not concerned. `undefined` if the error is another one.
 */
export function reachFault(error: Error, { name }: { readonly name: string }): SourceError | undefined {
  if (!(error instanceof PrivateAddress)) return undefined;
  return new SourceError("forbidden", `${name}: not asked: ${error.message}`, { cause: error });
}
