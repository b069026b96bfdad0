import type { Stat } from "../../api/wire/stat.ts";
import { decodeStat, StatDecodeError } from "../../api/wire/stat-codec.ts";
import { ScrapeError } from "./pod-scrape.ts";

/** A queue-proxy's answer to a scrape (spec S-031). */
export interface ScrapeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Six numbers, a pod name of at most 256 bytes, and a reserve; what is longer cannot be a Stat. */
export const SCRAPE_BODY_LIMIT_BYTES = 6 * 10 + 256 + 20;

/** Throws ScrapeError. */
export function statOfAnswer({ status, contentType, body }: ScrapeAnswer): Stat {
  if (status < 200 || status > 299) {
    const mightBeMesh = status === 502 || status === 503;
    throw new ScrapeError("other", `the pod answered ${status}`, mightBeMesh);
  }
  if (contentType !== "application/protobuf")
    throw new ScrapeError("other", `the pod answered in ${contentType || "no content type"}`);
  try {
    return decodeStat(body.subarray(0, SCRAPE_BODY_LIMIT_BYTES));
  } catch (thrown) {
    if (!(thrown instanceof StatDecodeError)) throw thrown;
    throw new ScrapeError("other", `the pod's numbers cannot be read: ${thrown.message}`);
  }
}
