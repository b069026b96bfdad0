import { EndpointsKind } from "../api/endpoints/kind.ts";
import type { ObjectKey } from "../api/object.ts";
import { NETWORK_PROBE, PROBE_ACTIVATOR, USER_AGENT_AUTOSCALER } from "../api/wire/headers.ts";
import type { Clock } from "../base/clock.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Network } from "../http/conn.ts";
import { httpFetch } from "../http/fetch.ts";
import { HeaderBlock } from "../http/header-block.ts";
import type { Informers } from "../kube/informers.ts";

export interface ActivatorProbePorts {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Is the activator in the request path of this revision? Asked where the gateway sends requests: at the addresses of
 * the revision's public Endpoints (spec S-067, S-068).
 */
export async function activatorAnswers(
  { network, clock, log }: ActivatorProbePorts,
  informers: Informers,
  key: ObjectKey,
): Promise<boolean> {
  const [subset] = informers.get(EndpointsKind, key)?.subsets ?? [];
  const ip = subset?.addresses?.[0]?.ip;
  const port = subset?.ports?.find(({ name }) => name !== "https")?.port;
  if (ip === undefined || port === undefined) return false;
  const host = `${key.name}.${key.namespace}.svc.cluster.local`;
  const headers = new HeaderBlock([
    "Host",
    host,
    "User-Agent",
    USER_AGENT_AUTOSCALER,
    NETWORK_PROBE,
    PROBE_ACTIVATOR,
  ]);
  try {
    const target = "//healthz";
    const answer = await httpFetch(
      { network, clock },
      { address: { ip, port }, target, headers, timeoutMs: 1000 },
    );
    return answer.status === 200 && answer.body.toString() === PROBE_ACTIVATOR;
  } catch (thrown) {
    log.debug("the activator did not answer for a revision", { revision: host, why: messageOf(thrown) });
    return false;
  }
}
