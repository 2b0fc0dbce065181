/** A source's default name, after its bucket, host or file: `[a-z0-9-]+`. */
export function sourceName(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-|-$/g, "");
}
