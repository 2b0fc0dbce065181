import { type FaultRule, faultKinds, requestKinds } from "./rules.ts";

/** A fault as a command line has it: `503=0.03`, `429@list=0.1`, `reset@get,domain`. */
export function parseFault(text: string): FaultRule {
  const [what = "", share = "1"] = text.split("=");
  const [name, places] = what.split("@");
  const kind = faultKinds.find((known) => known === name);
  if (!kind) throw new TypeError(`no such fault: ${name}; there are ${faultKinds.join(", ")}`);
  const probability = Number(share);
  if (!(probability >= 0 && probability <= 1)) throw new TypeError(`${text}: the share must be 0 to 1`);
  if (places === undefined) return { kind, probability };
  const on = places.split(",").map((place) => {
    const found = requestKinds.find((known) => known === place);
    if (!found) throw new TypeError(`${text}: there is ${requestKinds.join(", ")}, not ${place}`);
    return found;
  });
  return { kind, probability, on };
}
