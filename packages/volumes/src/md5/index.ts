export { type Body, BodyHash, padding } from "./bodies.ts";
export { reserved } from "./program.ts";
