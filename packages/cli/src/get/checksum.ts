import { ConfigError } from "@brigade/core";

export interface Checksum {
  readonly algorithm: "md5" | "sha1" | "sha256" | "sha512";
  /** Lower-case hex digits. */
  readonly digest: string;
}

const digits = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;

/** `sha256:9f86d0…`. Throws ConfigError. */
export function parseChecksum(text: string): Checksum {
  const [, algorithm = "", digest = ""] = /^(\w+):([0-9a-f]+)$/i.exec(text.trim()) ?? [];
  const known = (Object.keys(digits) as (keyof typeof digits)[]).find(
    (name) => name === algorithm.toLowerCase(),
  );
  if (known === undefined || digest.length !== digits[known])
    throw new ConfigError([
      "--checksum: must be md5:, sha1:, sha256: or sha512: and the digest in hex digits",
    ]);
  return { algorithm: known, digest: digest.toLowerCase() };
}

/** All bytes came, and they are not the ones that `--checksum` names. */
export class ChecksumError extends Error {
  override readonly name = "ChecksumError";
}
