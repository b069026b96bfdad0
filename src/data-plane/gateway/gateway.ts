import * as wire from "../../api/wire/headers.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { type ForwardObserver, forward } from "../../http/forward.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, Handler } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import type { UpstreamError } from "../../http/upstream.ts";
import { addressText, type Backend, type UpstreamFor } from "../backend.ts";
import { respondWithError } from "../error-answer.ts";
import { goOn, type Journey, type Phase, setOut } from "../journey.ts";
import { transportErrorText } from "../transport-error.ts";
import { BackendTable } from "./backend-table.ts";
import type { Certificates } from "./certificates.ts";
import { meaningOf } from "./external-name.ts";
import { disarmProbes, setForwardedFor } from "./headers.ts";
import {
  type HeaderLine,
  hostName,
  type RoutePath,
  RouteTable,
  type Split,
  type Visibility,
} from "./route-table.ts";
import { pickSplit } from "./split.ts";

export interface GatewayOptions {
  readonly random: Random;
  readonly log: Log;
  readonly upstreamFor: UpstreamFor;
  /**
   * Where to send a request whose Service has no open address at the moment: the activator, which holds it. Pods that
   * drain are left out here before the API has replaced them by the activator.
   */
  readonly fallback?: Backend;
  /** What is served over https; absent = nothing is, and no rule has to wait for it. */
  readonly certificates?: Certificates;
}

/** Carries out Routes: host, path, header and percentage rules, and the route probe (spec §6). */
export class Gateway {
  readonly options: GatewayOptions;
  readonly backends = new BackendTable();
  readonly routes = new RouteTable();

  constructor(options: GatewayOptions) {
    this.options = options;
  }

  /** The handler of a listener: rules for the outside, or those for inside the cluster (spec G-017). */
  handler(listener: Visibility, options: ListenerOptions = {}): Handler {
    const { https = false, httpsPort = HTTPS_PORT } = options;
    const entrance: Entrance = { listener, scheme: https ? "https" : "http", httpsPort };
    return (exchange) => setOut(PHASES, new Passage(this, exchange, entrance));
  }
}

export interface ListenerOptions {
  /** The listener's connections are encrypted. */
  readonly https?: boolean;
  /** Of a listener without encryption: where the encrypted one beside it is. Default 443. */
  readonly httpsPort?: number;
}

const HTTPS_PORT = 443;

interface Entrance {
  readonly listener: Visibility;
  readonly scheme: "http" | "https";
  readonly httpsPort: number;
}

/** One request on its way through the gateway. */
class Passage implements Journey, ForwardObserver {
  at = 0;
  readonly gateway: Gateway;
  readonly exchange: Exchange;
  /** Where it came in, and under which host; a Service that stands for a name of ours makes it come in again. */
  entrance: Entrance;
  host: string;
  turns = 0;
  path: RoutePath | undefined;
  split: Split | undefined;
  /** Outside of the cluster. */
  external: Backend | undefined;
  backend: Backend | undefined;
  /** The port behind the Service decides, not the client: any client reaches any application (spec T-008). */
  speaks: "1.1" | "2" = "1.1";
  /** Backends that could not be reached. */
  readonly tried: Backend[] = [];

  constructor(gateway: Gateway, exchange: Exchange, entrance: Entrance) {
    this.gateway = gateway;
    this.exchange = exchange;
    this.entrance = entrance;
    this.host = exchange.request.headers.get("host") ?? "";
  }

  failed(error: UpstreamError): void {
    if (this.exchange.responded || error.failure === "cancelled") return;
    if (!error.sent && this.tried.length < TRIES_MAX && this.backend !== undefined) {
      this.tried.push(this.backend);
      this.at = FIND_BACKEND_INDEX - 1;
      goOn(PHASES, this);
      return;
    }
    const text = transportErrorText(error, this.backend ? addressText(this.backend) : "");
    respondWithError(this.exchange, { status: 502, code: error.code, text });
  }
}

/** A request that reached nobody may try this many other addresses: no application has seen a byte of it (G-014). */
const TRIES_MAX = 3;

const PHASES: readonly Phase<Passage>[] = [
  {
    name: "route",
    why: "the first rule that fits host, path and headers decides; an unknown host is nobody's (spec G-004…G-006)",
    run(passage) {
      return route(passage);
    },
  },
  {
    name: "certificate",
    why: "a host is not served before its certificate is: the route probe has to wait for it (spec G-016, G-028)",
    run(passage) {
      return awaitCertificate(passage);
    },
  },
  {
    name: "redirect",
    why: "a host that wants https answers plain HTTP with where to go (spec G-015)",
    run(passage) {
      return redirect(passage);
    },
  },
  {
    name: "probes",
    why: "outsiders may not pose as the kubelet, activator or autoscaler; the route probe goes the whole way (G-022)",
    run(passage) {
      disarmProbes(passage.exchange.request.headers);
      return "next";
    },
  },
  {
    name: "forwarded",
    why: "the application learns who asked, for which host and how (spec G-013)",
    run({ exchange, entrance, host, turns }) {
      if (turns > 0) return "next";
      const { headers } = exchange.request;
      setForwardedFor(headers, { peer: exchange.remoteAddress, host, proto: entrance.scheme });
      return "next";
    },
  },
  {
    name: "request-id",
    why: "logs, timeline and error answers speak of the same request",
    run({ exchange, gateway }) {
      const { headers } = exchange.request;
      if (!headers.has(wire.REQUEST_ID)) headers.append("X-Request-Id", gateway.options.random.uuid());
      return "next";
    },
  },
  {
    name: "rewrite",
    why: "the path's own headers and Host come before the choice of a target (spec G-008, G-009)",
    run({ exchange, path }) {
      const { headers } = exchange.request;
      if (headers.get(wire.NETWORK_HASH) === wire.HASH_OVERRIDE)
        headers.set("K-Network-Hash", path?.hash ?? "");
      setAll(headers, path?.setHeaders ?? []);
      if (path?.rewriteHost) headers.set("Host", path.rewriteHost);
      return "next";
    },
  },
  {
    name: "split",
    why: "each request is dealt by the percentages anew; the target's headers tell the activator whom to wake (G-007)",
    run(passage) {
      const { path, gateway, exchange } = passage;
      passage.split = pickSplit(path?.splits ?? [], gateway.options.random);
      setAll(exchange.request.headers, passage.split?.setHeaders ?? []);
      return "next";
    },
  },
  {
    name: "follow-name",
    why: "a Service that only stands for a name leads to other rules, to another Service or outside (spec G-010)",
    run(passage) {
      return followName(passage);
    },
  },
  {
    name: "find-backend",
    why: "only addresses that the Endpoints call ready, and none that drains, get a new request (spec G-010)",
    run(passage) {
      return findBackend(passage);
    },
  },
  {
    name: "forward",
    why: "the answer is the backend's; only where no byte was sent another address is tried (spec G-014)",
    run(passage) {
      const { exchange, gateway, backend } = passage;
      if (backend === undefined) return "over";
      forward(exchange, gateway.options.upstreamFor(backend), passage);
      return "over";
    },
  },
];

const ROUTE_INDEX = PHASES.findIndex((phase) => phase.name === "route");
const FIND_BACKEND_INDEX = PHASES.findIndex((phase) => phase.name === "find-backend");

function route(passage: Passage): "next" | "over" {
  const { exchange, gateway, entrance, host } = passage;
  const { target, headers } = exchange.request;
  const found = gateway.routes.find(entrance.listener, { host, target, headers });
  if (typeof found !== "string") {
    passage.path = found;
    return "next";
  }
  const text =
    found === "unknown-host"
      ? `no service answers for host "${host}"`
      : `no rule of host "${host}" fits this path and its headers`;
  respondWithError(exchange, { status: 404, code: found, text });
  return "over";
}

/** Users' requests go on over plain HTTP meanwhile. */
function awaitCertificate({ exchange, gateway, host, turns }: Passage): "next" | "over" {
  if (turns > 0 || exchange.request.headers.get(wire.NETWORK_PROBE) !== wire.PROBE_INGRESS) return "next";
  if (!gateway.options.certificates?.lacks(hostName(host))) return "next";
  const text = `host "${host}" has no certificate yet`;
  respondWithError(exchange, { status: 503, code: "no-certificate", text });
  return "over";
}

/**
 * Certificates are proved over plain HTTP, and the route probe asks for the rules themselves. Without a certificate
 * that can be served the way would end nowhere (spec C-052).
 */
function redirect({ exchange, gateway, entrance, path, host, turns }: Passage): "next" | "over" {
  const { target, headers } = exchange.request;
  const asks = path?.redirectsToHttps === true && entrance.scheme === "http" && turns === 0;
  if (!asks || target.startsWith("/.well-known/acme-challenge/")) return "next";
  if (headers.get(wire.NETWORK_PROBE) === wire.PROBE_INGRESS) return "next";
  const name = hostName(host);
  if (gateway.options.certificates?.lacks(name)) return "next";
  // Who names no port came by port 80 of something in front of us, which has its own 443.
  const isDirect = /:\d+$/.test(host) && entrance.httpsPort !== HTTPS_PORT;
  const location = new HeaderBlock();
  location.append("Location", `https://${name}${isDirect ? `:${entrance.httpsPort}` : ""}${target}`);
  respondWith(exchange, { status: 301, headers: location, body: "" });
  return "over";
}

/** So many names may lead to one another before it counts as going round in circles. */
const TURNS_MAX = 8;

function followName(passage: Passage): "next" | "over" {
  const { exchange, gateway, split } = passage;
  const name = split && gateway.backends.externalNameOf(split);
  if (name === undefined) return "next";
  passage.turns += 1;
  if (passage.turns > TURNS_MAX) {
    const text = `services lead to one another without end: ${split?.namespace}/${split?.service}`;
    respondWithError(exchange, { status: 502, code: "name-loop", text });
    return "over";
  }
  const port = typeof split?.port === "number" ? split.port : 80;
  const meant = meaningOf(name, port);
  if (meant.is === "outside") passage.external = meant.backend;
  else if (meant.is === "service" && split) {
    passage.split = { ...split, ...meant.target };
    return followName(passage);
  } else if (meant.is === "gateway") {
    passage.entrance = { ...passage.entrance, listener: meant.listener };
    passage.host = exchange.request.headers.get("host") ?? "";
    passage.at = ROUTE_INDEX - 1;
  }
  return "next";
}

function findBackend(passage: Passage): "next" | "over" {
  const { exchange, gateway, split, tried } = passage;
  const { random, fallback } = gateway.options;
  if (passage.external !== undefined && tried.length === 0) {
    passage.backend = passage.external;
    passage.speaks = "1.1";
    return "next";
  }
  passage.backend = split && gateway.backends.pick(split, random, tried);
  passage.speaks = passage.backend?.http2 ? "2" : "1.1";
  if (passage.backend === undefined && fallback !== undefined && !tried.includes(fallback)) {
    // Without these headers the activator would not know whom to hold the request for.
    if (exchange.request.headers.has(wire.SERVING_REVISION)) passage.backend = fallback;
    if (split && gateway.backends.speaksHttp2(split)) passage.speaks = "2";
  }
  if (passage.backend !== undefined) return "next";
  const name = split ? `${split.namespace}/${split.service}` : `host "${passage.host}"`;
  const why =
    tried.length === 0
      ? "has no ready address"
      : `takes no connection at ${tried.map(addressText).join(", ")}`;
  const text = `no healthy upstream: service ${name} ${why}`;
  respondWithError(exchange, { status: 503, code: "no-backend", text });
  return "over";
}

function setAll(headers: HeaderBlock, lines: readonly HeaderLine[]): void {
  for (const { name, value } of lines) headers.set(name, value);
}
