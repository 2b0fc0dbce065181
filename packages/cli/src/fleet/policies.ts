import type { HarmfulPolicy, ManagementApi } from "@brigade/broker";
import { ConfigError, HostError } from "@brigade/core";

/**
 * Throws ConfigError with a problem per policy of the broker that would delete messages of this
 * source. If the policies cannot be seen, `tell` gets a line that says so.
 */
export async function refuseHarmfulPolicies(
  management: Pick<ManagementApi, "harmfulPolicies"> | undefined,
  source: string,
  tell: (text: string) => void,
): Promise<void> {
  if (management === undefined) {
    tell("policies of the broker are not checked: set BROKER_MANAGEMENT_URL");
    return;
  }
  try {
    const harmful = await management.harmfulPolicies(source);
    if (harmful.length > 0) throw new ConfigError(harmful.map(describe));
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    tell(`policies of the broker are not checked: ${error.message}`);
  }
}

function describe({ kind, name, pattern, keys, queues: [first = "", ...others] }: HarmfulPolicy): string {
  const queues = others.length === 0 ? first : `${first} and ${others.length} more queues`;
  const command = kind === "policy" ? "clear_policy" : "clear_operator_policy";
  return `the broker's ${kind} "${name}" (${keys.join(", ")}) would delete messages of ${queues} or lead them elsewhere: remove it (rabbitmqctl ${command} ${name}), take out these keys, or change its pattern "${pattern}"`;
}
