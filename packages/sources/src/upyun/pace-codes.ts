/** Too many requests at once for one object. */
export const sameUri = 42900002;
/** Requests are refused for a while: too many were refused. */
export const tooMuch = 42900004;
/** Too many requests from one address, counted by the minute. */
export const perAddress = 40310003;
