// The app serves the npm package of this name beside these files.
export { default } from "uplot";
