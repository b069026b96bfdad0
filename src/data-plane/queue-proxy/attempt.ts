import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Address, Conn, Network } from "../../http/conn.ts";
import { type FetchedResponse, httpFetch } from "../../http/fetch.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import { UpstreamError } from "../../http/upstream.ts";
import type { Probe, ProbeAction } from "./probe.ts";
import type { AttemptOutcome } from "./probe-run.ts";
import type { Attempt } from "./readiness.ts";

export interface AttemptPorts {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Log;
  /** Where a port of the pod really is: the node agent may have moved it (DESIGN §4, Ports of process pods). */
  readonly locate: (host: string, port: number) => Address;
}

type HttpGet = Extract<ProbeAction, { type: "httpGet" }>;

/** As Knative's probe client gives up (errata Q-031). */
const REDIRECTS_MAX = 10;
/** Where there is no limit (errata Q-029), a timer's own. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** Attempts over the network: httpGet and tcpSocket (spec ). */
export function networkAttempt(ports: AttemptPorts): Attempt {
  return async (probe, timeoutMs) => {
    const action = probe.action;
    const limitMs = Math.min(timeoutMs, NO_LIMIT_MS);
    if (action.type === "httpGet") return getReady(ports, action, limitMs);
    if (action.type === "tcpSocket") return connects(ports, ports.locate(action.host, action.port), limitMs);
    if (action.type === "grpc") return connectsOnly(ports, probe, limitMs);
    return "failed";
  };
}

async function connects(ports: AttemptPorts, address: Address, timeoutMs: number): Promise<AttemptOutcome> {
  let conn: Conn;
  try {
    conn = await ports.network.connect(address, { timeoutMs });
  } catch (thrown) {
    return codeOf(thrown) === "ECONNREFUSED" ? "refused" : "failed";
  }
  conn.setHandler({ data() {}, end() {}, drain() {}, closed() {} });
  conn.reset();
  return "ready";
}

/** The health service itself speaks HTTP/2, which the engine does not yet: only the port is looked at (spec Q-033). */
function connectsOnly(ports: AttemptPorts, probe: Probe, timeoutMs: number): Promise<AttemptOutcome> {
  const action = probe.action;
  if (action.type !== "grpc") return Promise.resolve("failed");
  return connects(ports, ports.locate("127.0.0.1", action.port), timeoutMs);
}

/**
 * GET, redirects followed; 200 ≤ status < 400 is ready (spec Q-031). The body is left unread: an unfinished one
 * counts as ready (errata Q-031). One time limit for the whole chain.
 */
async function getReady(ports: AttemptPorts, action: HttpGet, timeoutMs: number): Promise<AttemptOutcome> {
  // Go's client refuses any other scheme, the missing one too. HTTPS needs TLS, which the engine does not have yet.
  if (action.scheme.toLowerCase() !== "http") return "failed";
  const deadlineMs = ports.clock.monotonic() + timeoutMs;
  const first = urlOf(action);
  if (first === undefined) return "failed";
  let url: URL = first;
  let referer: string | undefined;
  for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
    const leftMs = deadlineMs - ports.clock.monotonic();
    if (leftMs <= 0) return "failed";
    const outcome = await getOnce(ports, {
      url,
      headers: headersOf(action, url, referer),
      timeoutMs: leftMs,
    });
    if (typeof outcome === "string") return outcome;
    const location = outcome.headers.get("location");
    if (!REDIRECTS.has(outcome.status) || location === undefined) {
      return outcome.status >= 200 && outcome.status < 400 ? "ready" : "failed";
    }
    referer = url.href;
    if (!URL.canParse(location, url.href)) return "failed";
    url = new URL(location, url);
    if (url.protocol !== "http:") return "failed";
  }
  return "failed";
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

async function getOnce(
  ports: AttemptPorts,
  get: { url: URL; headers: HeaderBlock; timeoutMs: number },
): Promise<FetchedResponse | AttemptOutcome> {
  const { url, headers, timeoutMs } = get;
  const address = ports.locate(url.hostname, url.port === "" ? 80 : Number(url.port));
  const target = url.pathname + url.search;
  try {
    return await httpFetch(ports, { address, target, headers, timeoutMs, headOnly: true });
  } catch (thrown) {
    return thrown instanceof UpstreamError && thrown.failure === "refused" ? "refused" : "failed";
  }
}

function urlOf(action: HttpGet): URL | undefined {
  // Exactly one leading slash is put before a path without one; `//x` stays as it is (errata Q-031).
  const path = action.path.startsWith("/") ? action.path : `/${action.path}`;
  const text = `http://${action.host || "127.0.0.1"}:${action.port}${path}`;
  const brokenEscape = /%(?![0-9a-f]{2})/i.test(path);
  return URL.canParse(text) && !brokenEscape ? new URL(text) : undefined;
}

/** Set by the client whatever the probe says (errata Q-031). */
const OWN = new Set(["host", "user-agent"]);

function headersOf(action: HttpGet, url: URL, referer: string | undefined): HeaderBlock {
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

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}
