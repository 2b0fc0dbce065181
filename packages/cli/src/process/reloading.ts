/** Has an event `reload` for each SIGHUP to a service: what may change while it runs is read again. */
export const reloading = new EventTarget();
