import { USER_AGENT_AUTOSCALER } from "../../api/wire/headers.ts";
import type { Stat } from "../../api/wire/stat.ts";
import type { Clock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Network } from "../../http/conn.ts";
import { type FetchedResponse, httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { ScrapeError } from "./pod-scrape.ts";
import { SCRAPE_BODY_LIMIT_BYTES, statOfAnswer } from "./scrape-answer.ts";

const METRICS_PORT = 9090;
/** spec TM-002. */
const TIMEOUT_MS = 3_000;

/** Asks a pod's queue-proxy over the network (spec S-030, S-035), for `AutoscalerPorts.scrapePod`. */
export function networkScraper(ports: {
  network: Network;
  clock: Clock;
}): (ip: string, service?: string) => Promise<Stat> {
  return async (ip, service) => {
    const headers = new HeaderBlock();
    if (service !== undefined) {
      headers.append("Host", service);
      headers.append("Knative-Direct-Lb", "true");
    }
    headers.append("Accept", "application/protobuf");
    headers.append("User-Agent", USER_AGENT_AUTOSCALER);
    let answer: FetchedResponse;
    try {
      answer = await httpFetch(ports, {
        address: { ip, port: METRICS_PORT },
        target: "/metrics",
        headers,
        timeoutMs: TIMEOUT_MS,
        bodyLimitBytes: SCRAPE_BODY_LIMIT_BYTES,
      });
    } catch (thrown) {
      throw new ScrapeError("other", `could not scrape ${ip}:${METRICS_PORT}: ${messageOf(thrown)}`);
    }
    const contentType = answer.headers.get("content-type") ?? "";
    return statOfAnswer({ status: answer.status, contentType, body: answer.body });
  };
}
