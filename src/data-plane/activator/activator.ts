import * as wire from "../../api/wire/headers.ts";
import type { Timeline } from "../../api/wire/hosting.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { type ForwardObserver, forward } from "../../http/forward.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, Handler, ResponseHead } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import type { TimerWheel } from "../../http/timer-wheel.ts";
import type { UpstreamError } from "../../http/upstream.ts";
import { addressText, type Backend, type UpstreamFor } from "../backend.ts";
import { respondWithError } from "../error-answer.ts";
import { goOn, type Journey, type Phase, setOut } from "../journey.ts";
import { TimeLimit } from "../time-limit.ts";
import { goOutcome, transportErrorText } from "../transport-error.ts";
import { typedUpstream } from "../typed-upstream.ts";
import { type ActivatorProbe, passThroughMesh, probeKindOf, revisionOf, rewriteForPod } from "./headers.ts";
import type { PodTracker } from "./load-balance.ts";
import type { HeldRequest, RevisionFailure, RevisionHold } from "./revision-hold.ts";
import { Revisions, type RevisionsOptions } from "./revisions.ts";
import { StatReporter, type StatReporterOptions } from "./stat-reporter.ts";
import type { ActivatorTelemetry, Observation } from "./telemetry.ts";
import type { Waiter } from "./throttle.ts";
import { TimelineDraft } from "./timeline.ts";

export interface ActivatorOptions extends RevisionsOptions, StatReporterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly timers: TimerWheel;
  readonly upstreamFor: UpstreamFor;
  /** Its own, for the request log. */
  readonly activatorIp?: string;
  /** Absent = requests are neither measured nor traced nor logged. */
  readonly telemetry?: ActivatorTelemetry;
  /** Default `cluster.local`; for requests that name their revision by Host (spec T-007). */
  readonly clusterDomain?: string;
  /** Why a kubelet probe of the activator must fail, or nothing (spec T-004). */
  readonly unhealthy?: () => string | undefined;
  /** What is known of a pod's start. */
  readonly momentsOf?: (podUid: string) => Timeline["moments"];
  /** The record of each request that had to wait. */
  readonly onTimeline?: (timeline: Timeline) => void;
}

/** Holds requests for revisions without a ready pod and forwards them when there is one (spec §3). */
export class Activator {
  readonly options: ActivatorOptions;
  readonly revisions: Revisions;
  readonly reporter: StatReporter;
  readonly domainSuffix: string;
  readonly clock: Clock;
  #draining = false;

  constructor(options: ActivatorOptions) {
    this.options = options;
    this.clock = options.clock;
    const { podName, activatorIp: podIp = "" } = options;
    this.revisions = new Revisions(options, { podName, podIp });
    this.reporter = new StatReporter(options);
    this.domainSuffix = `.svc.${options.clusterDomain ?? "cluster.local"}`;
  }

  readonly handle: Handler = (exchange) => setOut(PHASES, new Passage(this, exchange));

  /** Why the kubelet should not call this activator ready (spec T-004, T-014). */
  get unhealthy(): string | undefined {
    return this.#draining ? "received SIGTERM from kubelet" : this.options.unhealthy?.();
  }

  /** Health answers fail from now on; requests go on (spec T-014). */
  drain(): void {
    this.#draining = true;
  }

  close(): void {
    this.reporter.close();
    this.revisions.close();
  }
}

/** One request on its way through the activator; itself the waiter and the observer of its forwarding. */
class Passage implements Journey, ForwardObserver, HeldRequest {
  at = 0;
  readonly activator: Activator;
  readonly exchange: Exchange;
  readonly arrivedMs: number;
  peer: string;
  heldBytes = 0;
  previous: Waiter | undefined;
  following: Waiter | undefined;
  listed = false;
  revision: RevisionHold | undefined;
  tracker: PodTracker | undefined;
  limit: TimeLimit | undefined;
  timeline: TimelineDraft | undefined;
  observed: Observation | undefined;

  constructor(activator: Activator, exchange: Exchange) {
    this.activator = activator;
    this.exchange = exchange;
    this.peer = exchange.remoteAddress;
    this.arrivedMs = activator.clock.monotonic();
  }

  /** Its turn came after a wait: a client that left unseen must not use up a slot (DESIGN §4, Held requests). */
  admit(tracker: PodTracker): void {
    this.tracker = tracker;
    void this.exchange.stillThere().then((there) => {
      if (this.tracker !== tracker) return;
      if (there && !this.exchange.cancel.raised) goOn(PHASES, this);
      else this.giveBack();
    });
  }

  giveUp(failure: RevisionFailure): void {
    if (this.exchange.responded) return;
    const name = `${this.revision?.view.namespace}/${this.revision?.view.name}`;
    const text = `revision ${name} cannot serve: ${failure.reason}: ${failure.message}`;
    respondWithError(this.exchange, { status: 503, code: "revision-failed", text });
  }

  /** The peer is named once, however often the request is sent. */
  takePeer(): string {
    const peer = this.peer;
    this.peer = "";
    return peer;
  }

  /** The slot goes back exactly once, whatever ends the request. */
  giveBack(): void {
    const tracker = this.tracker;
    if (tracker === undefined) return;
    this.tracker = undefined;
    this.revision?.release(tracker);
  }

  forwarded(): void {
    this.timeline?.forwarded(this.activator.clock.monotonic());
  }

  interim(): void {
    this.limit?.wrote();
  }

  response({ status }: ResponseHead): void {
    this.observed?.called(status);
    this.limit?.wrote();
    this.timeline?.answered(this.activator.clock.monotonic());
  }

  upgraded({ status }: ResponseHead): void {
    this.observed?.called(status);
    this.limit?.upgraded();
    this.timeline?.answered(this.activator.clock.monotonic());
  }

  failed(error: UpstreamError): void {
    this.observed?.called(goOutcome(error));
    if (this.limit?.over || this.exchange.responded || error.failure === "cancelled") return;
    if (!error.sent && this.tracker !== undefined) {
      sendAgain(this, this.tracker);
      return;
    }
    const address = this.tracker ? addressText(this.tracker.backend) : "";
    respondWithError(this.exchange, {
      status: 502,
      code: error.code,
      text: transportErrorText(error, address),
    });
  }
}

const PHASES: readonly Phase<Passage>[] = [
  {
    name: "probes",
    why: "health checks of the activator and route probes are answered here and wake nothing (spec T-009, G-027)",
    run(passage) {
      const kind = probeKindOf(passage.exchange.request.headers);
      if (kind === "none") return "next";
      answerProbe(passage, kind);
      return "over";
    },
  },
  {
    name: "star",
    why: "`OPTIONS *` asks about the server, not about an application (errata T-008)",
    run(passage) {
      if (passage.exchange.request.target !== "*") return "next";
      respondWith(passage.exchange, { status: 200 });
      return "over";
    },
  },
  {
    name: "identify",
    why: "the revision is named by headers or by Host; without one there is nothing to hold for (spec T-007)",
    run(passage) {
      const { activator, exchange } = passage;
      const key = revisionOf(exchange.request.headers, activator.domainSuffix);
      passage.revision = activator.revisions.get(key.namespace, key.name);
      passage.observed = activator.options.telemetry?.observe(exchange, passage.revision);
      if (passage.revision !== undefined) return "next";
      const text = `Error getting active endpoint: revision.serving.knative.dev "${key.name}" not found`;
      respondWithError(exchange, { status: 404, code: "revision-not-found", text });
      return "over";
    },
  },
  {
    name: "report",
    why: "the autoscaler learns of the request at once, so that a pod starts while it waits (spec T-038, T-039)",
    run({ activator, exchange, revision }) {
      if (revision === undefined) return "over";
      const { namespace, name } = revision.view;
      const traffic = activator.reporter.enter(namespace, name);
      exchange.onFinish(() => activator.reporter.leave(traffic));
      return "next";
    },
  },
  {
    name: "timeouts",
    why: "waiting counts against the revision's time-outs (spec T-012)",
    run(passage) {
      const { activator, exchange, revision } = passage;
      if (revision === undefined) return "over";
      passage.limit = new TimeLimit(exchange, {
        clock: activator.clock,
        timers: activator.options.timers,
        limits: revision.view.limits,
        text: "activator request timeout",
      });
      return "next";
    },
  },
  {
    name: "hold",
    why: "no request goes to a pod that has no room or was not proven ready; it waits here (spec T-016…T-020)",
    run(passage) {
      return hold(passage);
    },
  },
  {
    name: "forward",
    why: "only a pod's queue-proxy may answer; where no byte was sent another pod may (spec T-008, T-013)",
    run(passage) {
      const { tracker, activator, exchange, revision } = passage;
      if (tracker === undefined || revision === undefined) return "over";
      rewriteForPod(exchange.request.headers, addressText(tracker.backend), passage.takePeer());
      if (activator.revisions.mesh.podAddressability)
        passThroughMesh(exchange.request.headers, revision.view);
      passage.observed?.forwarded(tracker.backend);
      passage.timeline?.sentTo(tracker.backend);
      forward(exchange, typedUpstream(activator.options.upstreamFor(tracker.backend)), passage);
      return "over";
    },
  },
];

const HOLD_INDEX = PHASES.findIndex((phase) => phase.name === "hold");

function answerProbe({ activator, exchange }: Passage, kind: ActivatorProbe): void {
  const { headers } = exchange.request;
  if (kind === "kubelet") {
    const trouble = activator.unhealthy;
    if (trouble === undefined) respondWith(exchange, { status: 200 });
    else respondWithError(exchange, { status: 500, code: "unhealthy", text: trouble });
  } else if (kind === "hash-echo") {
    const hash = headers.get(wire.NETWORK_HASH) ?? "";
    const text = `a probe request must contain a non-empty "K-Network-Hash" header`;
    if (hash === "") respondWithError(exchange, { status: 400, code: "bad-probe", text });
    else respondWith(exchange, { status: 200, headers: new HeaderBlock(["K-Network-Hash", hash]) });
  } else if (kind === "activator") {
    respondWith(exchange, { status: 200, body: wire.PROBE_ACTIVATOR });
  } else {
    const value = escapeHtml(headers.get(wire.NETWORK_PROBE) ?? "");
    const text = `unexpected probe header value: ${JSON.stringify(value)}`;
    respondWithError(exchange, { status: 400, code: "bad-probe", text });
  }
}

function hold(passage: Passage): "next" | "over" | "kept" {
  const { exchange, revision } = passage;
  if (revision === undefined) return "over";
  passage.heldBytes = exchange.heldBytes;
  exchange.onFinish(() => passage.giveBack());
  passage.observed?.trying();
  const outcome = revision.arrive(passage);
  if (typeof outcome !== "string") {
    passage.tracker = outcome;
    return "next";
  }
  if (outcome === "held") {
    startWaiting(passage, revision);
    return "kept";
  }
  const headers = new HeaderBlock(["Retry-After", "1"]);
  const what = outcome === "count-full" ? "requests" : "bytes";
  const name = `${revision.view.namespace}/${revision.view.name}`;
  const text = `too many ${what} wait for revision ${name}`;
  respondWithError(exchange, { status: 503, code: "hold-full", text, headers });
  return "over";
}

function startWaiting(passage: Passage, revision: RevisionHold): void {
  const { activator, exchange } = passage;
  exchange.cancel.onRaise(() => revision.leave(passage));
  if (activator.options.onTimeline === undefined) return;
  passage.timeline ??= new TimelineDraft({
    requestId: exchange.request.headers.get(wire.REQUEST_ID) ?? activator.options.random.uuid(),
    namespace: revision.view.namespace,
    revision: revision.view.name,
    receivedMs: passage.arrivedMs,
    onDone: activator.options.onTimeline,
    ...(activator.options.momentsOf && { momentsOf: activator.options.momentsOf }),
  });
}

/** The pod refused before a byte had left: it must prove itself anew and this request takes another turn. */
function sendAgain(passage: Passage, tracker: PodTracker): void {
  const { revision, activator } = passage;
  if (revision === undefined) return;
  const pod: Backend = tracker.backend;
  activator.options.log.warn("a pod could not be reached, the request waits for another", {
    pod: addressText(pod),
    revision: `${revision.view.namespace}/${revision.view.name}`,
  });
  passage.tracker = undefined;
  passage.at = HOLD_INDEX;
  const outcome = revision.comeBack(passage, tracker);
  if (outcome === "held") {
    startWaiting(passage, revision);
  } else {
    passage.tracker = outcome;
    goOn(PHASES, passage);
  }
}

function escapeHtml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
