const byExtension = new Map(
  Object.entries({
    jpg: "image/jpeg",
    jpeg: "image/jpeg",
    png: "image/png",
    gif: "image/gif",
    webp: "image/webp",
    txt: "text/plain",
    html: "text/html",
    css: "text/css",
    json: "application/json",
    mp4: "video/mp4",
    zip: "application/zip",
  }),
);

export function mediaType(key: string): string {
  const dot = key.lastIndexOf(".");
  return (
    (dot < 0 ? undefined : byExtension.get(key.slice(dot + 1).toLowerCase())) ?? "application/octet-stream"
  );
}

export function isImage(type: string): boolean {
  return type.startsWith("image/");
}

/** What a CDN compresses. */
export function isText(type: string): boolean {
  return type.startsWith("text/") || type === "application/json";
}
