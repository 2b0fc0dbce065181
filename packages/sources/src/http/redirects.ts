import { locationOf } from "./reading/location.ts";
import type { HttpResponse } from "./reading/response.ts";

const statuses = new Set([301, 302, 303, 307, 308]);

export function isRedirect({ status }: HttpResponse): boolean {
  return statuses.has(status);
}

/** A redirect as it came. */
export interface Redirect<Place> {
  readonly from: Place;
  /** `undefined` if the answer names no place. */
  readonly location: string | undefined;
  readonly status: number;
  /** How many were followed before it. */
  readonly hops: number;
}

export interface RedirectPolicy<Place> {
  /** Returns where to ask next; throws if the redirect is not to be followed. */
  next(redirect: Redirect<Place>): Place;
  send(to: Place): Promise<HttpResponse>;
  /** By default `isRedirect`. */
  isRedirect?(response: HttpResponse): boolean;
}

/**
 * Goes on from the answer `first` of `start`. Returns the first answer that is no redirect, and the
 * place it came from.
 */
export async function followRedirects<Place>(
  start: Place,
  first: HttpResponse,
  policy: RedirectPolicy<Place>,
): Promise<{ readonly at: Place; readonly response: HttpResponse }> {
  const isToFollow = policy.isRedirect ?? isRedirect;
  let [at, response] = [start, first];
  for (let hops = 0; isToFollow(response); hops++) {
    response.body.cancel();
    const location = locationOf(response.headers);
    at = policy.next({ from: at, location, status: response.status, hops });
    response = await policy.send(at);
  }
  return { at, response };
}

/** Returns the URL that a redirect leads to; `undefined` if that is none of http or https. */
export function targetOf(from: URL, location: string | undefined): URL | undefined {
  const to =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  return to !== undefined && /^https?:$/.test(to.protocol) ? to : undefined;
}
