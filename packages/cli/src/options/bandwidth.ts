import { bandwidth, ConfigError } from "@brigade/core";

/**
 * Returns the bytes per second that `--bandwidth` allows; `undefined` if it was not given. Throws
 * ConfigError.
 */
export function bandwidthOf(text: string | undefined): number | undefined {
  const parsed = bandwidth.optional().safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map(({ message }) => `--bandwidth: ${message}`),
    { cause: parsed.error },
  );
}
