import type { SourceErrorKind } from "@brigade/core";
import { isTooMuch } from "../../pacing/turns/turn.ts";

/** Too many requests at once for one object. */
export const sameUri = 42900002;
/** Requests are refused for a while: too many were refused. */
export const tooMuch = 42900004;
/** Too many requests from one address, counted by the minute. */
export const perAddress = 40310003;

/** The kind of a refusal, and its remedy. */
export type Meaning = readonly [kind: SourceErrorKind, words: string];

const mistyped =
  "most likely UPYUN_OPERATOR or UPYUN_PASSWORD is mistyped; if both are right, a proxy on the way changes the " +
  "request's path or date, so that the signature does not fit: try without it, or UPYUN_AUTH=basic";
const noBucket = "the store has no such bucket, or has closed it: check the name after upyun://";
const account = "the account is blocked or its bill is overdue: see UpYun's console";
const blocked = "the operator is blocked: see UpYun's console";
const name = "the store does not accept this name";
const expired =
  "the store says that it has expired: what was uploaded with a time to live cannot be had after that";
const slower = "too many requests at once: brigade slows down";

/** Where the vendor lists the codes: https://github.com/upyun/docs, sources/api/errno.md. */
const rest: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [40000003, ["misconfigured", noBucket]],
  [40000030, ["forbidden", name]],
  [40001000, ["forbidden", name]],
  [40001005, ["bad-cursor", "the store does not accept this cursor any more"]],
  [40001021, ["forbidden", name]],
  [40100001, ["unauthorized", "the request came without its date: does a proxy on the way remove headers?"]],
  [40100002, ["unauthorized", "this machine's clock is wrong: set it (NTP)"]],
  [40100003, ["misconfigured", "the store does not accept this way to log in: set UPYUN_AUTH"]],
  [
    40100004,
    ["unauthorized", "the request came without its credentials: does a proxy on the way remove headers?"],
  ],
  [40100007, ["unauthorized", blocked]],
  [40100008, ["unauthorized", blocked]],
  [40100010, ["unauthorized", account]],
  [40100011, ["unauthorized", account]],
  [40100012, ["misconfigured", noBucket]],
  [40100013, ["misconfigured", noBucket]],
  [40100014, ["misconfigured", noBucket]],
  [40100016, ["unauthorized", "the request's date came unreadable: does a proxy on the way change it?"]],
  [40100017, ["unauthorized", "the operator has no right to read this bucket: grant it in UpYun's console"]],
  [40100018, ["unauthorized", account]],
  [40100019, ["unauthorized", account]],
  [40100020, ["unauthorized", account]],
  [40100021, ["unauthorized", account]],
  [40300001, ["forbidden", name]],
  [40300002, ["forbidden", `${name}: it is too long`]],
  [40300003, ["forbidden", `${name}: it is too long`]],
  [40300006, ["forbidden", expired]],
  [40300014, ["forbidden", "the store does not list in this order"]],
  [40300015, ["missing", "a directory has its name now"]],
  [40300028, ["forbidden", expired]],
  [40400001, ["missing", "the store has nothing of this name"]],
  [40401004, ["missing", "it is marked as deleted"]],
  [40401005, ["missing", "it is marked as deleted"]],
  [40800001, ["unavailable", "the store did not read the request in time"]],
  [41200001, ["damaged", "it was changed meanwhile"]],
  [42900001, ["throttled", slower]],
  [sameUri, ["throttled", "too many requests at once for this object"]],
  [42900003, ["throttled", slower]],
  [tooMuch, ["banned", "the store has banned these requests for a while"]],
  [42900005, ["throttled", "more bytes a second than the store allows"]],
  [42900006, ["throttled", slower]],
  [50300028, ["unavailable", "the store cannot read it now"]],
  [50300031, ["unavailable", "the store's own servers did not answer in time"]],
  [50300044, ["unavailable", "the store cannot list it now"]],
]);

/** Of the REST API. */
export function restMeaning(status: number, code: number | undefined): Meaning {
  const known = code === undefined ? undefined : rest.get(code);
  if (known !== undefined) return known;
  switch (status) {
    case 400:
      return ["forbidden", "the store does not understand the request for it"];
    case 401:
      return [
        "unauthorized",
        code === undefined ? `${mistyped}; or UPYUN_ENDPOINT is no host of UpYun's API` : mistyped,
      ];
    case 404:
    case 410:
      return ["missing", "the store has nothing of this name"];
    case 403:
      return ["forbidden", refusedWords(code)];
    default:
      return commonMeaning(status, code);
  }
}

function refusedWords(code: number | undefined): string {
  const rights = "may the operator (UPYUN_OPERATOR) read there? Grant it in UpYun's console";
  return code === undefined
    ? `the store refuses it, and not in UpYun's words: ${rights}, or check UPYUN_ENDPOINT and what lies in between`
    : `the store refuses it: ${rights}`;
}

const switchedOff = "the domain or its service is switched off: see UpYun's console";

/** Refusals that the console can configure for a domain. */
const domain: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [40310002, ["misconfigured", "the domain refuses this machine's region"]],
  [perAddress, ["throttled", "the domain limits requests per address"]],
  [40310011, ["misconfigured", "the domain refuses this User-Agent: set USER_AGENT"]],
  [40310012, ["misconfigured", "the domain refuses this machine's address"]],
  [40310013, ["misconfigured", "the domain requires a token: check UPYUN_TOKEN_SECRET and the clock"]],
  [40310014, ["misconfigured", "the domain refuses this Referer: set REFERER"]],
  [40310015, ["forbidden", "the domain refuses this Referer here: set REFERER"]],
  [40510001, ["misconfigured", switchedOff]],
  [40510004, ["misconfigured", switchedOff]],
]);

/** Of the public domain, without asking the store about the object. */
export function domainMeaning(status: number, code: number | undefined): Meaning {
  const rule = code === undefined ? undefined : domain.get(code);
  if (rule !== undefined) return rule;
  if (status === 404 || status === 410) return ["missing", "the domain has nothing of this name"];
  if (status === 413) return ["unavailable", "the picture was not ready in time"];
  if (status === 401) return ["forbidden", "the domain requires a user and a password"];
  if (status === 403)
    return ["forbidden", "the domain refuses it: check REFERER, UPYUN_TOKEN_SECRET and the domain's rules"];
  return commonMeaning(status, code);
}

function commonMeaning(status: number, code: number | undefined): Meaning {
  if (isTooMuch(status)) return ["throttled", slower];
  if (status === 408 || status === 499 || status >= 500)
    return [
      "unavailable",
      `the store is unwell${code === undefined && status === 502 ? ", or a gateway on the way" : ""}`,
    ];
  if (status >= 300 && status < 400) return ["unavailable", "a redirect where none is expected"];
  return ["forbidden", "the store refuses it"];
}
