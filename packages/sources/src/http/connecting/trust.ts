import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { SecureContext } from "node:tls";
import { ConfigError, type Environment } from "@brigade/core";

/** The TLS settings of connections. */
export interface TlsSettings {
  /** `false`: any server is trusted. */
  readonly rejectUnauthorized: boolean;
  readonly secureContext?: SecureContext;
}

/** PEM files of authorities to be trusted beside the well-known ones. */
const variables = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

/**
 * Returns the texts of the files that the environment names. Node itself reads only
 * NODE_EXTRA_CA_CERTS, and only of the environment that it is started with; here `.env` counts, too.
 * Throws ConfigError for a file that cannot be used.
 */
export function readAuthorities(environment: Environment): readonly string[] {
  const files = new Map<string, string>();
  for (const name of variables) {
    const file = environment[name]?.trim();
    if (file && !files.has(file)) files.set(file, readFile(name, file));
  }
  return [...files.values()];
}

/** `authorities`: the texts (PEM) of those to be trusted beside the well-known ones. */
export function tlsSettings(
  authorities: readonly string[],
  { insecure = false }: { readonly insecure?: boolean } = {},
): TlsSettings {
  const rejectUnauthorized = !insecure;
  if (authorities.length === 0) return { rejectUnauthorized };
  let context: SecureContext | undefined;
  return {
    rejectUnauthorized,
    /** Made when it is first needed: it takes 50 ms, and plain HTTP needs none. */
    get secureContext() {
      // To load it takes 10 ms of CPU, and plain HTTP needs none.
      const { createSecureContext, getCACertificates } = process.getBuiltinModule("node:tls");
      context ??= createSecureContext({ ca: [...getCACertificates("default"), ...authorities] });
      return context;
    },
  };
}

function readFile(name: string, file: string): string {
  try {
    const text = readFileSync(file, "utf8");
    if (!text.includes("-----BEGIN ")) throw new Error("there is no certificate (PEM) in it");
    new X509Certificate(text); // the first one; TLS passes over what it cannot read, without a word
    return text;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`${name}: ${file} cannot be used: ${why}`], { cause: error });
  }
}
