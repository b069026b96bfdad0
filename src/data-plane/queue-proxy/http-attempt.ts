import type { Clock } from "../../base/clock.ts";
import type { Address, Network } from "../../http/conn.ts";
import { type FetchedResponse, httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { UpstreamError } from "../../http/upstream.ts";
import type { ProbeAction } from "./probe.ts";
import type { AttemptOutcome } from "./probe-run.ts";

export interface HttpAttemptPorts {
  readonly network: Network;
  /** Connections over TLS, certificates verified; absent = none can be made. */
  readonly tlsNetwork?: Network;
  readonly clock: Clock;
  readonly locate: (host: string, port: number) => Address;
  /** Try HTTP/2 with prior knowledge first, each time (spec Q-031). */
  readonly detectsHttp2: boolean;
}

/** Certificates for 127.0.0.1 by the system's authorities are believed, unlike the kubelet does (spec Q-031). */
export const PROBE_TLS = {
  settings: { minVersion: "TLSv1.2" },
  trust: { serverName: "", acceptedNames: ["127.0.0.1"] },
} as const;

type HttpGet = Extract<ProbeAction, { type: "httpGet" }>;

/** As Knative's probe client gives up (errata Q-031). */
const REDIRECTS_MAX = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * GET, redirects followed; 200 ≤ status < 400 is ready (spec Q-031). The body is waited for as the time limit allows,
 * and an unfinished one counts as ready (errata Q-031). One time limit for the whole chain.
 */
export async function httpAttempt(
  ports: HttpAttemptPorts,
  action: HttpGet,
  timeoutMs: number,
): Promise<AttemptOutcome> {
  const url = urlOf(action);
  if (url === undefined) return "failed";
  const deadlineMs = ports.clock.monotonic() + timeoutMs;
  const chain = { ports, action, deadlineMs };
  if (!ports.detectsHttp2 || url.protocol !== "http:") return follow(chain, url, false);
  const bare: HttpGet = { ...action, headers: [] };
  // Whatever it answers: that it answers in HTTP/2 is what matters.
  const detected = await getOnce(chain, { url, http2: true, headers: headersOf(bare, url) });
  if (detected === "refused") return "refused";
  return follow(chain, url, typeof detected !== "string");
}

interface Chain {
  readonly ports: HttpAttemptPorts;
  readonly action: HttpGet;
  readonly deadlineMs: number;
}

async function follow(chain: Chain, first: URL, http2: boolean): Promise<AttemptOutcome> {
  let url = first;
  let referer: string | undefined;
  for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
    const headers = headersOf(chain.action, url, referer);
    const outcome = await getOnce(chain, { url, headers, http2 });
    if (typeof outcome === "string") return outcome;
    const location = outcome.headers.get("location");
    if (!REDIRECTS.has(outcome.status) || location === undefined) {
      return outcome.status >= 200 && outcome.status < 400 ? "ready" : "failed";
    }
    if (!URL.canParse(location, url.href)) return "failed";
    referer = url.href;
    url = new URL(location, url);
    if (!SCHEMES.has(url.protocol)) return "failed";
  }
  return "failed";
}

/** Go's client refuses any other, the missing one too. */
const SCHEMES = new Set(["http:", "https:"]);
const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

async function getOnce(
  { ports, deadlineMs }: Chain,
  { url, headers, http2 }: { url: URL; headers: HeaderBlock; http2: boolean },
): Promise<FetchedResponse | AttemptOutcome> {
  const timeoutMs = deadlineMs - ports.clock.monotonic();
  const network = url.protocol === "https:" ? ports.tlsNetwork : ports.network;
  if (timeoutMs <= 0 || network === undefined) return "failed";
  const port = url.port === "" ? (PORTS[url.protocol] ?? 0) : Number(url.port);
  const address = ports.locate(url.hostname, port);
  const target = url.pathname + url.search;
  if (http2) headers.delete("connection");
  try {
    const { clock } = ports;
    return await httpFetch(
      { network, clock },
      { address, target, headers, timeoutMs, http2, answerBody: "awaited" },
    );
  } catch (thrown) {
    return thrown instanceof UpstreamError && thrown.failure === "refused" ? refusalOf(thrown) : "failed";
  }
}

/** Only a port that nobody listens on is looked at again at once; a handshake that failed is not. */
function refusalOf(error: UpstreamError): AttemptOutcome {
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === undefined || code === "ECONNREFUSED" ? "refused" : "failed";
}

function urlOf(action: HttpGet): URL | undefined {
  const scheme = `${action.scheme.toLowerCase()}:`;
  // Exactly one leading slash is put before a path without one; `//x` stays as it is (errata Q-031).
  const path = action.path.startsWith("/") ? action.path : `/${action.path}`;
  const text = `${scheme}//${action.host || "127.0.0.1"}:${action.port}${path}`;
  const brokenEscape = /%(?![0-9a-f]{2})/i.test(path);
  return SCHEMES.has(scheme) && URL.canParse(text) && !brokenEscape ? new URL(text) : undefined;
}

/** Set by the client whatever the probe says (errata Q-031). */
const OWN = new Set(["host", "user-agent"]);

function headersOf(action: HttpGet, url: URL, referer?: string): HeaderBlock {
  const host = action.host === "" ? `:${action.port}` : url.host;
  const headers = new HeaderBlock(["Host", host, "User-Agent", "kube-probe//"]);
  for (const { name, value } of action.headers) {
    if (!OWN.has(name.toLowerCase())) headers.append(name, value);
  }
  if (!headers.has("accept-encoding")) headers.append("Accept-Encoding", "gzip");
  headers.append("Connection", "close");
  if (referer !== undefined) headers.append("Referer", referer);
  return headers;
}
