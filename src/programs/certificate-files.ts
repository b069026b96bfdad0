import { readFileSync } from "node:fs";
import { type Clock, sleep } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { inspectIdentity, type TlsIdentity } from "../http/tls-identity.ts";

export interface CertificateFilesOptions {
  readonly certPath: string;
  readonly keyPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** What Knative logs, word for word: its own test of the rotation counts these lines (spec E-158). */
const RELOADED = "Certificate and/or key have changed on disk and were reloaded.";
/** spec TM-017. */
const READ_AGAIN_MS = 60_000;

/** A certificate and its key in two files, which may be replaced while the program runs. */
export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  #identity: TlsIdentity | undefined;

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
  }

  /** The last good pair; undefined before `read` has found one. */
  get identity(): TlsIdentity | undefined {
    return this.#identity;
  }

  /** Whether there is a good pair. A bad one, or one half replaced, is told in the log and the one before stays. */
  read(): boolean {
    const { certPath, keyPath, log } = this.#options;
    try {
      const cert = readFileSync(certPath, "utf8");
      const key = readFileSync(keyPath, "utf8");
      const before = this.#identity;
      if (before?.cert === cert && before.key === key) return true;
      inspectIdentity({ cert, key });
      this.#identity = { cert, key };
      if (before) log.info(RELOADED, { certPath });
    } catch (thrown) {
      const isMissing = (thrown as { code?: string }).code === "ENOENT";
      if (!isMissing || this.#identity) {
        log.error("the certificate cannot be used", { certPath, keyPath, error: messageOf(thrown) });
      }
    }
    return this.#identity !== undefined;
  }

  /** Reads again, once a minute, until the signal is raised. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#options.clock, READ_AGAIN_MS, signal);
      if (!signal.aborted) this.read();
    }
  }
}
