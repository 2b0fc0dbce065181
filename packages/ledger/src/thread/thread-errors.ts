import { ConfigError, FatalError, HostError } from "@brigade/core";
import { JobOpenError } from "../tables/jobs.ts";

/** An error that survives the way between threads. */
export interface Described {
  readonly kind: "config" | "fatal" | "full" | "io" | "job-open" | "other";
  readonly message: string;
  readonly stack: string | undefined;
}

export function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { kind: "other", message: String(error), stack: undefined };
  const { message, stack } = error;
  return { kind: kindOf(error), message, stack };
}

function kindOf(error: Error): Described["kind"] {
  if (error instanceof ConfigError) return "config";
  if (error instanceof FatalError) return "fatal";
  if (error instanceof HostError) return error.kind === "full" ? "full" : "io";
  return error instanceof JobOpenError ? "job-open" : "other";
}

export function revive({ kind, message, stack }: Described): Error {
  const cause = { cause: stack };
  switch (kind) {
    case "config":
      return new ConfigError(message.split("\n"), cause);
    case "fatal":
      return new FatalError(message, cause);
    case "full":
    case "io":
      return new HostError(kind, message, cause);
    case "job-open":
      return new JobOpenError(message, cause);
    case "other":
      return new Error(message, cause);
  }
}
