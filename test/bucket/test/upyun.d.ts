/** The part of the vendor's SDK (which has no types) that the witness uses. */
declare module "upyun" {
  import type { Writable } from "node:stream";

  interface ListedEntry {
    readonly name: string;
    readonly type: "N" | "F";
    readonly size: number;
    readonly time: number;
  }

  interface HeadResult {
    readonly type: string;
    readonly size: number;
    readonly date: number;
    readonly "Content-Md5": string;
  }

  class Service {
    constructor(bucket: string, operator: string, password: string);
  }

  class Client {
    constructor(service: Service, options: { domain: string; protocol: string; proxy: false });
    listDir(
      directory: string,
      options?: { limit?: number; order?: "asc" | "desc"; iter?: string },
    ): Promise<{ files: ListedEntry[]; next: string | undefined } | false>;
    headFile(path: string): Promise<HeadResult | false>;
    getFile(path: string): Promise<unknown>;
    getFile(path: string, target: Writable): Promise<unknown>;
  }

  const upyun: { readonly Service: typeof Service; readonly Client: typeof Client };
  export default upyun;
}
