import { ConfigError, type Limit, type Order, type Standing } from "@brigade/core";
import { caller, openControl } from "../control/control-door.ts";
import { describeLimit } from "../control/limits/describe-limit.ts";
import { asksForLimit, type LimitFlags, limitOrder } from "../control/limits/limit-order.ts";
import { readEnvironment } from "../settings/environment.ts";
import { print, printJson } from "../terminal/terminal.ts";

/** Sets, ends or shows the limits of a source. Rejects with ConfigError or HostError. */
export async function limit(
  source: string,
  off: string | undefined,
  flags: LimitFlags,
  signal: AbortSignal,
): Promise<void> {
  const environment = readEnvironment({}, process.env);
  const order = orderOf(source, off, flags, environment);
  const door = await openControl(environment, source, signal);
  const standing = order === undefined ? await door.standing() : await door.order(order);
  const limits = limitsOf(standing, source);
  const disobedient = order === undefined ? [] : await door.disobedient();
  if (flags.json === true) {
    await printJson({ to: door.name, limits, disobedient });
    return;
  }
  const lines = limits.map((one) => `${source}: ${describeLimit(one)}`);
  await print(...(lines.length === 0 ? [`${source}: no limit`] : lines), `(${door.name})`, ...disobedient);
}

/** Returns `undefined` if only what holds is asked for. Throws ConfigError. */
function orderOf(
  source: string,
  off: string | undefined,
  flags: LimitFlags,
  environment: NodeJS.ProcessEnv,
): Order | undefined {
  if (off === undefined)
    return asksForLimit(flags) ? limitOrder(source, flags, environment, caller()) : undefined;
  if (off !== "off") throw new ConfigError([`"${off}": only \`off\` can stand behind the source`]);
  if (asksForLimit(flags)) throw new ConfigError(["give `off` or a limit, not both"]);
  const { host, reason = "" } = flags;
  return { kind: "limit-off", source, ...(host !== undefined && { host }), by: caller(), reason };
}

function limitsOf({ sources }: Standing, source: string): readonly Limit[] {
  return sources.find((one) => one.source === source)?.limits ?? [];
}
