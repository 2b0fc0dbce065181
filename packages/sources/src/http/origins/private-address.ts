import ipaddr from "ipaddr.js";

/** A class of addresses that no server of the public Internet has. */
export type PrivateKind = "loopback" | "link-local" | "multicast" | "private" | "unspecified" | "reserved";

/**
 * By the library's names. Ranges for documentation and measurements are left out: some programs
 * return such addresses for every name.
 */
const kinds: Readonly<Record<string, PrivateKind>> = {
  loopback: "loopback",
  linkLocal: "link-local",
  multicast: "multicast",
  private: "private",
  carrierGradeNat: "private",
  uniqueLocal: "private",
  deprecatedSiteLocal: "private",
  unspecified: "unspecified",
  broadcast: "reserved",
  discard: "reserved",
  segmentRouting: "reserved",
  // An end of an old tunnel through NAT, whose inside cannot be checked.
  teredo: "reserved",
};

/** IETF's own, class E, and one address by which a cloud's machines reach their host. */
const alsoReserved = ["192.0.0.0/24", "240.0.0.0/4", "168.63.129.16/32"].map((network) =>
  ipaddr.IPv4.parseCIDR(network),
);
/** Sites translate to IPv4 with it as each of them likes (RFC 8215). */
const ownTranslation = ipaddr.IPv6.parseCIDR("64:ff9b:1::/48");
/** The old form of an IPv4 address within IPv6 (RFC 4291, section 2.5.5.1). */
const compatible = ipaddr.IPv6.parseCIDR("::/96");

/**
 * Returns the class of an address that is not public; `undefined` for public ones. IPv6 that stands
 * for an IPv4 address (mapped, NAT64, 6to4, ISATAP…) has the class of that address. `address`: as
 * the system writes it.
 */
export function privateKind(address: string): PrivateKind | undefined {
  if (!ipaddr.isValid(address)) return "reserved";
  const parsed = ipaddr.parse(address);
  if (parsed instanceof ipaddr.IPv4) return ofIPv4(parsed);
  const kind = kinds[parsed.range()];
  if (kind !== undefined) return kind;
  if (parsed.match(ownTranslation)) return "private";
  const inner = innerOf(parsed);
  return inner === undefined ? undefined : ofIPv4(inner);
}

function ofIPv4(address: ipaddr.IPv4): PrivateKind | undefined {
  return kinds[address.range()] ?? (alsoReserved.some((one) => address.match(one)) ? "reserved" : undefined);
}

/** The IPv4 address that packets to this one reach in the end. */
function innerOf(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray();
  const at = (from: number) => new ipaddr.IPv4(bytes.slice(from, from + 4));
  switch (address.range()) {
    case "ipv4Mapped":
    case "rfc6145":
    case "rfc6052":
      return at(12);
    case "6to4":
      return at(2);
    default:
      return address.match(compatible) || isIsatap(address) ? at(12) : undefined;
  }
}

/** RFC 5214, section 6.1. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe;
}
