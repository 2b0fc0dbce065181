import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A key and a certificate that its own key has signed, by openssl. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The certificate's path. */
  readonly file: string;
  /** The key's path. */
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** As openssl writes them. */
  readonly names?: string;
  /** It was good for one day in 2020. */
  readonly expired?: boolean;
}

/** Writes a key and its certificate into a folder. */
export function writeCertificate(
  folder: string,
  { names = "DNS:localhost,IP:127.0.0.1", expired = false }: CertificateOptions = {},
): Certificate {
  const [keyFile, file] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a test", "-keyout", keyFile];
  if (!expired)
    openssl(["req", "-x509", ...subject, "-addext", `subjectAltName=${names}`, "-days", "2", "-out", file]);
  else {
    const [request, settings] = [join(folder, "request.pem"), join(folder, "ca.cnf")];
    openssl(["req", "-new", ...subject, "-out", request]);
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(settings, authority(folder, names));
    openssl([
      ...["ca", "-batch", "-selfsign", "-config", settings, "-keyfile", keyFile],
      ...["-in", request, "-out", file],
      ...["-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-extensions", "names", "-notext"],
    ]);
  }
  return { key: readFileSync(keyFile), cert: readFileSync(file), file, keyFile };
}

/** `openssl req` of before 3.4 can make no certificate of the past. */
function authority(folder: string, names: string): string {
  return `[ca]\ndefault_ca=own\n[own]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\nrand_serial=yes
default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=${names}\n`;
}

function openssl(args: string[]): void {
  const made = spawnSync("openssl", args, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`a certificate needs openssl: ${made.error ?? made.stderr}`);
}
