import { z } from "zod";

/** A path below a folder that cannot lead out of it, whatever its case and its names are. */
export const pathInsideSchema = z
  .string()
  .refine(
    (path) => !path.includes("\0") && path.split("/").every(isOrdinaryPart),
    "the path leaves its folder",
  );

function isOrdinaryPart(part: string): boolean {
  return part !== "" && part !== "." && part !== "..";
}
