import type { ServiceStatus, Status } from "@brigade/ledger";

/** Names services that do not obey orders, or not all, with why, for people. */
export function disobedient(services: readonly ServiceStatus[]): string[] {
  return services
    .filter(({ service, silentSince }) => service !== "copy" && silentSince === undefined)
    .flatMap(({ service, instance, sources }) => {
      const why = [...new Set(sources.map(({ control }) => faultOf(control)))].filter((one) => one !== "");
      return why.map((one) => `${service} ${instance} ${one}`);
    });
}

/**
 * Returns the messages that services of the host hold. `undefined` as long as one that obeys has not
 * heard of this revision.
 */
export function heldAt({ services }: Status, host: string, revision: number): number | undefined {
  let held = 0;
  for (const one of services) {
    if (one.host !== host || one.silentSince !== undefined || one.service === "copy") continue;
    for (const { control, holding } of one.sources) {
      if (control === undefined) continue; // it does not obey, and is named
      if ((control.revision ?? 0) < revision) return undefined;
      held += holding?.deliveries ?? 0;
    }
  }
  return held;
}

function faultOf(control: ServiceStatus["sources"][number]["control"]): string {
  if (control === undefined) return "does not obey: it is of an older version";
  if (control.unknown.length > 0)
    return `does not obey ${control.unknown.join(", ")}: it is of an older version`;
  return "";
}
