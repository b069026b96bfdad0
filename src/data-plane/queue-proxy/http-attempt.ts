import { bytesOfText } from "../../base/byte-text.ts";
import type { Clock } from "../../base/clock.ts";
import { GoUrl } from "../../base/go-url.ts";
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
  if (url === undefined || !action.headers.every(isSendable)) return "failed";
  const chain = () => ({ ports, action, deadlineMs: ports.clock.monotonic() + timeoutMs });
  if (!ports.detectsHttp2 || url.scheme !== "http") return follow(chain(), url, false);
  const headers = headersOf({ ...action, headers: [] }, url);
  const detected = await getOnce(chain(), { url, http2: true, headers });
  if (detected === "refused") return "refused";
  // What speaks HTTP/2 has answered the probe, too, when it is not ready.
  if (typeof detected !== "string" && !isReady(detected)) return "failed";
  return follow(chain(), url, typeof detected !== "string");
}

interface Chain {
  readonly ports: HttpAttemptPorts;
  readonly action: HttpGet;
  readonly deadlineMs: number;
}

async function follow(chain: Chain, first: GoUrl, http2: boolean): Promise<AttemptOutcome> {
  let url = first;
  let { action } = chain;
  let headers = headersOf(action, url);
  for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
    const outcome = await getOnce(chain, { url, headers, http2 });
    if (typeof outcome === "string") return outcome;
    const location = outcome.headers.get("location") ?? "";
    if (!REDIRECTS.has(outcome.status) || location === "") return isReady(outcome) ? "ready" : "failed";
    const next = url.resolve(location);
    if (next === undefined) return "failed";
    // What was left out stays so, even on the way back.
    if (!isNear(next, first)) action = withoutSecrets(action);
    headers = redirectedHeaders(action, url, next);
    url = next;
  }
  return "failed";
}

function isReady({ status }: FetchedResponse): boolean {
  return status >= 200 && status < 400;
}

/** Go's client refuses any other, the missing one too. */
const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };
const PORT_MAX = 65_535;

async function getOnce(
  { ports, deadlineMs }: Chain,
  { url, headers, http2 }: { url: GoUrl; headers: HeaderBlock; http2: boolean },
): Promise<FetchedResponse | AttemptOutcome> {
  const timeoutMs = deadlineMs - ports.clock.monotonic();
  const network = url.scheme === "https" ? ports.tlsNetwork : ports.network;
  const port = url.port === "" ? PORTS[url.scheme] : Number(url.port);
  if (timeoutMs <= 0 || network === undefined || PORTS[url.scheme] === undefined) return "failed";
  if (port === undefined || port > PORT_MAX) return "failed";
  const address = ports.locate(url.hostname || LOCAL, port);
  if (http2) headers.delete("connection");
  try {
    return await httpFetch(
      { network, clock: ports.clock },
      { address, target: url.requestTarget, headers, timeoutMs, http2, answerBody: "awaited" },
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

/** Where Go dials when no host is named. */
const LOCAL = "127.0.0.1";

function urlOf({ scheme, host, port, path }: HttpGet): GoUrl | undefined {
  // Exactly one leading slash is put before a path without one; `//x` stays as it is (errata Q-031).
  const absolute = path.startsWith("/") ? path : `/${path}`;
  const authority = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return GoUrl.parse(bytesOfText(`${scheme.toLowerCase()}://${authority}${absolute}`));
}

/** Set by the client whatever the probe says (errata Q-031). */
const OWN = new Set(["host", "user-agent"]);

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Go's client sends nothing at all with a field that is none. */
function isSendable({ name, value }: HttpGet["headers"][number]): boolean {
  return TOKEN.test(name) && !CONTROL.test(value);
}

function headersOf(action: HttpGet, url: GoUrl): HeaderBlock {
  const headers = new HeaderBlock(["Host", url.host, "User-Agent", "kube-probe//"]);
  for (const { name, value } of action.headers) {
    if (!OWN.has(name.toLowerCase())) headers.append(name, bytesOfText(value));
  }
  if (!headers.get("accept-encoding") && !headers.get("range")) headers.append("Accept-Encoding", "gzip");
  headers.append("Connection", "close");
  const { user } = url;
  if (user !== undefined && !headers.get("authorization")) {
    const credentials = Buffer.from(`${user.name}:${user.password ?? ""}`, "latin1");
    headers.set("Authorization", `Basic ${credentials.toString("base64")}`);
  }
  return headers;
}

/** Not told to another host than the first or one below it. */
const SECRETS = new Set([
  "authorization",
  "www-authenticate",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "proxy-authenticate",
]);

function isNear(url: GoUrl, first: GoUrl): boolean {
  return url.hostname === first.hostname || url.hostname.endsWith(`.${first.hostname}`);
}

function withoutSecrets(action: HttpGet): HttpGet {
  return { ...action, headers: action.headers.filter(({ name }) => !SECRETS.has(name.toLowerCase())) };
}

function redirectedHeaders(action: HttpGet, from: GoUrl, to: GoUrl): HeaderBlock {
  const headers = headersOf(action, to);
  const isDowngrade = from.scheme === "https" && to.scheme === "http";
  if (!isDowngrade && !headers.get("referer")) headers.set("Referer", from.toString({ hidesUser: true }));
  return headers;
}
