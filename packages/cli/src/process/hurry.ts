/** Aborted by the second signal to stop: services give back what is in hand at once, so that it counts as no death. */
export const hurry = new AbortController();
