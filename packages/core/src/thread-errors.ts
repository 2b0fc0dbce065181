import {
  ConfigError,
  FatalError,
  HostError,
  type HostErrorKind,
  MessageError,
  NameError,
  SourceError,
  type SourceErrorKind,
  type SourceErrorOptions,
} from "./failures.ts";

/** An error on its way between threads, where its class and its cause get lost. */
export type EncodedError = {
  readonly message: string;
  /** Where it was thrown. */
  readonly stack: string | undefined;
} & (
  | { readonly name: "ConfigError"; readonly problems: readonly string[] }
  | { readonly name: "HostError"; readonly kind: HostErrorKind }
  | { readonly name: "SourceError"; readonly kind: SourceErrorKind; readonly options: SourceErrorOptions }
  | { readonly name: "FatalError" | "MessageError" | "NameError" }
  /** Of any other class. */
  | { readonly name: "Error"; readonly className: string }
);

/** A class of errors whose constructor needs a message and a cause only. */
type PlainErrorClass = new (message: string, options: { cause: unknown }) => Error;

const plainClasses = { FatalError, MessageError, NameError } as const;

/** Returns the error in a form that can be posted to another thread. */
export function encodeError(error: unknown): EncodedError {
  if (!(error instanceof Error))
    return { name: "Error", className: "", message: String(error), stack: undefined };
  const { message, stack } = error;
  if (error instanceof ConfigError) return { name: "ConfigError", message, stack, problems: error.problems };
  if (error instanceof HostError) return { name: "HostError", message, stack, kind: error.kind };
  if (error instanceof SourceError) {
    const { kind, status, retryAfterMs, scope, isGuess, isMalformed } = error;
    const options = { status, retryAfterMs, scope, isGuess, isMalformed };
    return { name: "SourceError", message, stack, kind, options };
  }
  if (error instanceof FatalError) return { name: "FatalError", message, stack };
  if (error instanceof MessageError) return { name: "MessageError", message, stack };
  if (error instanceof NameError) return { name: "NameError", message, stack };
  return { name: "Error", className: error.name, message, stack };
}

/**
 * Returns an error of the same class and with the same message. Its `cause` is the stack of the
 * original. `otherClasses`: classes that core does not declare, by the `name` of their errors.
 */
export function decodeError(
  error: EncodedError,
  otherClasses: Readonly<Record<string, PlainErrorClass>> = {},
): Error {
  const { message, stack } = error;
  const cause = { cause: stack };
  switch (error.name) {
    case "ConfigError":
      return new ConfigError(error.problems, cause);
    case "HostError":
      return new HostError(error.kind, message, cause);
    case "SourceError":
      return new SourceError(error.kind, message, { ...error.options, ...cause });
    case "FatalError":
    case "MessageError":
    case "NameError":
      return new plainClasses[error.name](message, cause);
    case "Error":
      return new (otherClasses[error.className] ?? Error)(message, cause);
  }
}
