import * as wire from "../../api/wire/headers.ts";
import type { Clock } from "../../base/clock.ts";
import type { GoStruct } from "../../base/go-template/values.ts";
import type { Log } from "../../base/log.ts";
import { Breaker } from "../../http/breaker.ts";
import { canonicalName } from "../../http/canonical-name.ts";
import { type ForwardObserver, forward } from "../../http/forward.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, Handler, ResponseHead } from "../../http/message.ts";
import type { RequestTimeoutLimits } from "../../http/request-timeouts.ts";
import { respondWith } from "../../http/responses.ts";
import type { Measured } from "../../http/telemetry/measured.ts";
import { Traced } from "../../http/telemetry/traced.ts";
import type { Tracer } from "../../http/telemetry/tracer.ts";
import type { TimerWheel } from "../../http/timer-wheel.ts";
import { type Upstream, UpstreamError } from "../../http/upstream.ts";
import { noteOrigin, respondWithError } from "../error-answer.ts";
import { goOn, type Journey, type Phase, setOut } from "../journey.ts";
import { isKubeletProbe, isProbe } from "../probe-headers.ts";
import { loggedRevision, type RequestLog, requestLogOf } from "../request-log.ts";
import { TimeLimit } from "../time-limit.ts";
import { goOutcome, transportErrorText } from "../transport-error.ts";
import type { QueueProxyConfig } from "./config.ts";
import { Drain } from "./drain.ts";
import { healthCheckOf, restoreHost, setForwarded, stripRouting } from "./headers.ts";
import type { Readiness } from "./readiness.ts";
import { RequestMetrics, routeTagOf } from "./request-metrics.ts";
import { RequestStats } from "./stats.ts";

export interface QueueProxyOptions {
  readonly config: QueueProxyConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly timers: TimerWheel;
  readonly readiness: Readiness;
  /** The application. */
  readonly upstream: Upstream;
  /** Where request log lines go; absent = no request log. */
  readonly writeLine?: (line: string) => void;
  /** ebb's own, for the metrics. */
  readonly version?: string;
  /** Absent = no request is traced. */
  readonly tracer?: Tracer | undefined;
}

/** One pod's queue-proxy: limits, counts, times out and forwards; the same hosted and alone in a pod (spec §2). */
export class QueueProxy {
  readonly config: QueueProxyConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly timers: TimerWheel;
  readonly readiness: Readiness;
  readonly upstream: Upstream;
  readonly stats: RequestStats;
  readonly drain = new Drain();
  readonly limits: RequestTimeoutLimits;
  /** None when there is no limit (spec Q-037). */
  readonly breaker: Breaker | undefined;
  readonly requestLog: RequestLog | undefined;
  readonly loggedRevision: GoStruct;
  /** None unless somebody reads them: then a request pays nothing for it (spec Q-066). */
  readonly metrics: RequestMetrics | undefined;
  readonly tracer: Tracer | undefined;

  constructor(options: QueueProxyOptions) {
    this.config = options.config;
    this.clock = options.clock;
    this.log = options.log;
    this.timers = options.timers;
    this.readiness = options.readiness;
    this.upstream = options.upstream;
    this.stats = new RequestStats(options.clock.monotonic());
    this.limits = {
      totalMs: options.config.timeoutMs,
      responseStartMs: options.config.responseStartTimeoutMs,
      idleMs: options.config.idleTimeoutMs,
    };
    const { writeLine: write } = options;
    const { requestLog: settings } = options.config.observability;
    this.requestLog = write && requestLogOf({ ...options, settings, write });
    this.loggedRevision = loggedRevisionOf(options.config);
    this.tracer = options.tracer;
    const limit = options.config.containerConcurrency;
    this.breaker = limit < 1 ? undefined : new Breaker({ maxConcurrency: limit, queueDepth: 10 * limit });
    if (options.config.observability.requestMetrics.protocol !== "none") {
      const { config, version = "unknown" } = options;
      this.metrics = new RequestMetrics({
        config,
        version,
        queueDepth: () => this.breaker && this.breaker.running + this.breaker.waiting,
      });
    }
  }

  readonly handle: Handler = (exchange) => setOut(PHASES, new Passage(this, exchange));
}

function loggedRevisionOf(config: QueueProxyConfig): GoStruct {
  const { revision: name, pod: podName } = config;
  return loggedRevision({ ...config, name, podName });
}

/** Hops inside this process have no address. */
const IN_PROCESS = "";

/** One request on its way through the queue-proxy; itself the observer of its forwarding, so that none is made. */
class Passage implements Journey, ForwardObserver {
  at = 0;
  readonly proxy: QueueProxy;
  readonly exchange: Exchange;
  /** A kubelet's own request: neither counted nor limited (spec Q-041). */
  readonly exempt: boolean;
  readonly healthCheck: ReturnType<typeof healthCheckOf>;
  limit: TimeLimit | undefined;
  measured: Measured | undefined;
  traced: Traced | undefined;

  constructor(proxy: QueueProxy, exchange: Exchange) {
    this.proxy = proxy;
    this.exchange = exchange;
    this.exempt = isKubeletProbe(exchange.request.headers);
    this.healthCheck = healthCheckOf(exchange.request.headers);
  }

  interim(): void {
    this.limit?.wrote();
  }

  forwarded(): void {
    const { metrics } = this.proxy;
    if (metrics) this.measured?.forwarded(metrics.application);
  }

  response(head: ResponseHead): void {
    head.headers.respell(canonicalName);
    this.measured?.called(head.status);
    this.traced?.called(head.status);
    this.limit?.wrote();
  }

  upgraded(head: ResponseHead): void {
    head.headers.respell(canonicalName);
    this.measured?.called(head.status);
    this.traced?.called(head.status);
    this.limit?.upgraded();
  }

  failed(error: UpstreamError): void {
    this.measured?.called(goOutcome(error));
    this.traced?.called(goOutcome(error));
    if (this.limit?.over || this.exchange.responded || error.failure === "cancelled") return;
    const { proxy } = this;
    proxy.log.warn("the application did not answer", { error: error.message, sent: error.sent });
    // The hop before us is in this process and can give the request to another pod: no byte of it was sent.
    if (!error.sent && this.exchange.remoteAddress === IN_PROCESS) {
      this.exchange.abort(error);
      return;
    }
    const text = transportErrorText(error, `127.0.0.1:${proxy.config.userPort}`);
    respondWithError(this.exchange, { status: 502, code: error.code, text });
  }
}

const PHASES: readonly Phase<Passage>[] = [
  {
    name: "log",
    why: "the request log tells of the request as it came, before any phase changes it (spec Q-058)",
    run({ proxy, exchange }) {
      proxy.requestLog?.watch(exchange, proxy.loggedRevision);
      return "next";
    },
  },
  {
    name: "measure",
    why: "metrics tell of users' requests, as they came and until their last byte (spec Q-063)",
    run(passage) {
      const { metrics, clock } = passage.proxy;
      if (metrics !== undefined && !isProbe(passage.exchange.request.headers)) {
        passage.measured = metrics.measure(passage.exchange, clock);
      }
      return "next";
    },
  },
  {
    name: "trace",
    why: "a request that is recorded has its spans from its first moment on (spec Q-067)",
    run(passage) {
      const { tracer } = passage.proxy;
      const { exchange } = passage;
      if (tracer === undefined || isProbe(exchange.request.headers)) return "next";
      const attributes = { "kn.route.tag": routeTagOf(exchange.request.headers) };
      passage.traced = Traced.begin(exchange, { tracer, names: SPANS, attributes });
      return "next";
    },
  },
  {
    name: "health",
    why: "health checks are answered from the user's probe, and refused while draining (spec Q-020…Q-022)",
    run(passage) {
      if (passage.healthCheck !== "health") return "next";
      answerHealthCheck(passage);
      return "over";
    },
  },
  {
    name: "hash",
    why: "the ingress prober learns which rules led here; nothing wakes, the user sees nothing (spec Q-023, G-029)",
    run(passage) {
      if (passage.healthCheck !== "hash-echo") return "next";
      echoHash(passage);
      return "over";
    },
  },
  {
    name: "proof",
    why: "a restarted application gets nothing until its probe has passed again; the hop before us finds another pod",
    run({ proxy, exchange }) {
      if (proxy.readiness.mayForward || exchange.remoteAddress !== IN_PROCESS) return "next";
      const message = `the application of pod ${proxy.config.pod} was restarted and is not ready yet`;
      exchange.abort(new UpstreamError("refused", message, { sent: false }));
      return "over";
    },
  },
  {
    name: "enter",
    why: "a drain waits for what is in flight, and a quiet period begins anew with each request (spec Q-021, Q-054)",
    run(passage) {
      const { drain, clock } = passage.proxy;
      drain.enter(clock.monotonic());
      passage.exchange.onFinish(() => drain.leave());
      return "next";
    },
  },
  {
    name: "star",
    why: "`OPTIONS *` asks about the server, not about the application (errata Q-010)",
    run(passage) {
      if (passage.exchange.request.target !== "*") return "next";
      respondWith(passage.exchange, { status: 200 });
      return "over";
    },
  },
  {
    name: "timeouts",
    why: "time in the queue counts too, so the timers start before admission (spec Q-046)",
    run(passage) {
      const { clock, timers, limits } = passage.proxy;
      passage.limit = new TimeLimit(passage.exchange, { clock, timers, limits, text: "request timeout" });
      return "next";
    },
  },
  {
    name: "headers",
    why: "the application sees the client's Host, `Forwarded` and no routing headers (spec Q-010, Q-018, Q-019)",
    run(passage) {
      const headers = passage.exchange.request.headers;
      if (!passage.exempt) restoreHost(headers);
      if (headers.get("host") === "") headers.set("Host", `127.0.0.1:${passage.proxy.config.userPort}`);
      stripRouting(headers);
      headers.keepFirst("user-agent");
      headers.respell(canonicalName);
      setForwarded(headers, passage.exchange.remoteAddress);
      return "next";
    },
  },
  {
    name: "count",
    why: "the autoscaler must see waiting requests as well as running ones (spec Q-042)",
    run(passage) {
      if (passage.exempt) return "next";
      const { stats, clock } = passage.proxy;
      const proxied = passage.exchange.request.headers.get(wire.PROXY_REQUEST) === "activator";
      stats.enter(clock.monotonic(), proxied);
      passage.exchange.onFinish(() => stats.leave(clock.monotonic(), proxied));
      return "next";
    },
  },
  {
    name: "admit",
    why: "containerConcurrency is never exceeded; ten times as many may wait (spec Q-037…Q-040)",
    run(passage) {
      const { breaker } = passage.proxy;
      return breaker === undefined || passage.exempt ? "next" : admit(passage, breaker);
    },
  },
  {
    name: "forward",
    why: "the application answers; only a failure before its answer is ours to tell (spec Q-014)",
    run(passage) {
      passage.traced?.forwarded();
      forward(passage.exchange, passage.proxy.upstream, passage);
      return "over";
    },
  },
];

const SPANS = { server: "queue", wait: "kn.queueproxy.wait", proxy: "kn.queueproxy.proxy" };
const SHUTTING_DOWN = { status: 503, code: "shutting-down", text: "shutting down" };

function answerHealthCheck({ proxy, exchange }: Passage): void {
  if (proxy.drain.draining) {
    respondWithError(exchange, SHUTTING_DOWN);
    return;
  }
  const value = exchange.request.headers.get(wire.NETWORK_PROBE) ?? "";
  if (value !== wire.PROBE_QUEUE) {
    const text = `unexpected probe header value: ${value}`;
    respondWithError(exchange, { status: 400, code: "bad-probe", text });
    return;
  }
  void proxy.readiness.ask().then((ready) => {
    if (exchange.cancel.raised) return;
    if (ready) {
      respondWith(exchange, { status: 200, body: wire.PROBE_QUEUE });
      return;
    }
    const headers = new HeaderBlock();
    noteOrigin(exchange, headers, "not-ready");
    respondWith(exchange, { status: 503, headers });
  });
}

function echoHash({ proxy, exchange }: Passage): void {
  if (proxy.drain.draining) {
    respondWithError(exchange, SHUTTING_DOWN);
    return;
  }
  const hash = exchange.request.headers.get(wire.NETWORK_HASH) ?? "";
  if (hash === "") {
    const text = `a probe request must contain a non-empty "K-Network-Hash" header`;
    respondWithError(exchange, { status: 400, code: "bad-probe", text });
    return;
  }
  respondWith(exchange, { status: 200, headers: new HeaderBlock(["K-Network-Hash", hash]) });
}

function admit(passage: Passage, breaker: Breaker): "next" | "over" | "kept" {
  const { exchange } = passage;
  let kept = false;
  const admission = breaker.enter(exchange.cancel, (slot) => {
    exchange.onFinish(() => slot.release());
    if (kept && !exchange.cancel.raised) goOn(PHASES, passage);
  });
  if (admission === "admitted") return "next";
  if (admission === "full") {
    respondWithError(exchange, { status: 503, code: "queue-full", text: "pending request queue full" });
    return "over";
  }
  kept = true;
  passage.traced?.waiting();
  return "kept";
}
