import { keyText, type ObjectKey } from "../../api/object.ts";
import { revisionAttributes } from "../../api/revision-attributes.ts";
import type {
  CollectorFault,
  CollectorSpec,
  Collectors,
  DeciderSpec,
  Deciders,
  Decision,
} from "../../api/wire/decider.ts";
import { type MeshSettings, QUIET_SETTINGS } from "../../api/wire/settings.ts";
import type { Stat, StatMessage } from "../../api/wire/stat.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { Attributes, Metric } from "../../base/metrics.ts";
import type { Random } from "../../base/random.ts";
import { type DeciderView, deciderMetrics, scrapeDurations } from "./autoscaler-metrics.ts";
import { type DeciderState, decide, firstDecision, initialState, mustNotify } from "./decide.ts";
import { type ScrapablePod, ScrapeError, type ScrapeResult, scrapeRound } from "./pod-scrape.ts";
import { type Averages, RevisionWindows, type Series } from "./windows.ts";

/**
 * The autoscaler's shell: hears and fetches what pods and activators count, and decides on time. A revision
 * costs a timer only while it has pods or traffic; the first request at zero is decided on at once (spec
 * S-039).
 */

export interface AutoscalerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /**
   * Asks one pod's queue-proxy for its numbers, through a mesh that passes requests on when its Service is given
   * (`hello-00001-private.default`). Rejects with ScrapeError.
   */
  scrapePod(ip: string, service?: string): Promise<Stat>;
  /** Asks whichever pod that Service leads to. Absent where Services lead nowhere: then pods are asked one by one. */
  scrapeService?(service: string): Promise<Stat>;
  /** Default `auto`, without passing on. */
  mesh?(): MeshSettings;
  /** The revision's pods that are running, ready and not terminating. */
  pods(key: ObjectKey): readonly ScrapablePod[];
  /** The decision of this revision changed in a way that its pod autoscaler must hear (spec S-053). */
  onDecision(key: ObjectKey): void;
  /** What `collectors.put` would answer for this revision changed. */
  onCollectorFault?(key: ObjectKey): void;
  /** As metrics name the revision; default by its key alone. */
  attributesOf?(key: ObjectKey): Attributes;
}

/** spec TM-001, TM-002. */
const TICK_MS = 2_000;
const SCRAPE_MS = 1_000;
const SWEEP_MS = 30_000;

interface Decider {
  spec: DeciderSpec;
  state: DeciderState;
  decision: Decision;
  averages: Averages | undefined;
}

interface Collector {
  spec: CollectorSpec;
  /** Made by the first number and dropped when empty, so that revisions at zero hold none. */
  windows: RevisionWindows | undefined;
  /** False once a mesh was found to hide the pods (errata S-035). */
  podsAddressable: boolean;
  fault: CollectorFault | undefined;
}

interface RevisionEntry {
  readonly key: ObjectKey;
  decider: Decider | undefined;
  collector: Collector | undefined;
  tick: Timer | undefined;
  scrape: Timer | undefined;
}

export class Autoscaler {
  readonly #ports: AutoscalerPorts;
  readonly #revisions = new Map<string, RevisionEntry>();
  #sweep: Timer | undefined;
  readonly #epochMs: number;
  readonly #scrapes = scrapeDurations();
  #running = false;

  constructor(ports: AutoscalerPorts) {
    this.#ports = ports;
    this.#epochMs = ports.clock.wall() - ports.clock.monotonic();
  }

  readonly deciders: Deciders = {
    put: (key, spec) => this.#putDecider(key, spec),
    get: (key) => this.#revisions.get(keyText(key))?.decider?.decision,
    delete: (key) => this.#forget(key, "decider"),
  };

  readonly collectors: Collectors = {
    put: (key, spec) => this.#putCollector(key, spec),
    delete: (key) => this.#forget(key, "collector"),
  };

  /** Of decisions and scrapes (spec M-010…M-015). */
  get metrics(): readonly Metric[] {
    const attributesOf = (key: ObjectKey) => this.#attributesOf(key);
    return [this.#scrapes, ...deciderMetrics({ views: () => this.#views(), attributesOf })];
  }

  /** Ticks and scrapes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#running = true;
    for (const revision of this.#revisions.values()) this.#wake(revision);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#running = false;
    this.#sweep?.cancel();
    for (const revision of this.#revisions.values()) stopTimers(revision);
  }

  /**
   * Takes what activators (and pods that push) report; a revision at zero is decided on before it returns.
   */
  receive(messages: readonly StatMessage[]): void {
    for (const { namespace, name, stat } of messages) {
      const revision = this.#revisions.get(keyText({ namespace, name }));
      if (revision === undefined) {
        this.#ports.log.debug("dropped numbers of an unknown revision", { namespace, revision: name });
        continue;
      }
      // A last zero about a revision that sleeps is no reason to keep windows for it.
      if (revision.collector?.windows === undefined && isNothing(stat)) continue;
      this.#record(revision, stat);
      if (stat.averageConcurrentRequests !== 0 && this.#mustDecideNow(revision))
        this.#decide(revision, "poke");
      this.#wake(revision);
    }
  }

  /** To be called whenever `ports.pods(key)` changed. */
  podsChanged(key: ObjectKey): void {
    const revision = this.#revisions.get(keyText(key));
    if (revision) this.#wake(revision);
  }

  /** Revisions that hold a timer now; for tests and the watchdog. */
  get awake(): number {
    let count = 0;
    for (const { tick, scrape } of this.#revisions.values()) if (tick || scrape) count++;
    return count;
  }

  #putDecider(key: ObjectKey, spec: DeciderSpec): Decision {
    const revision = this.#entry(key);
    if (revision.decider) revision.decider.spec = spec;
    else {
      const state = initialState(spec, this.#ports.pods(key).length, this.#now());
      revision.decider = { spec, state, decision: firstDecision(spec), averages: undefined };
    }
    this.#wake(revision);
    return revision.decider.decision;
  }

  #putCollector(key: ObjectKey, spec: CollectorSpec): CollectorFault | undefined {
    const revision = this.#entry(key);
    const collector = revision.collector;
    if (collector === undefined) {
      revision.collector = { spec, windows: undefined, podsAddressable: true, fault: undefined };
    } else {
      // The algorithm is chosen once, when the collection begins (spec S-025).
      collector.spec = { ...spec, aggregation: collector.spec.aggregation };
      collector.windows?.resize(sizesOf(spec), this.#now());
    }
    this.#wake(revision);
    return revision.collector?.fault;
  }

  /** Wall time that never jumps: a clock set back or forward must not scale anything. */
  #now(): number {
    return this.#epochMs + this.#ports.clock.monotonic();
  }

  #entry(key: ObjectKey): RevisionEntry {
    const text = keyText(key);
    const known = this.#revisions.get(text);
    if (known) return known;
    const { namespace, name } = key;
    const made = {
      key: { namespace, name },
      decider: undefined,
      collector: undefined,
      tick: undefined,
      scrape: undefined,
    };
    this.#revisions.set(text, made);
    return made;
  }

  #forget(key: ObjectKey, part: "decider" | "collector"): void {
    const revision = this.#revisions.get(keyText(key));
    if (revision === undefined) return;
    revision[part] = undefined;
    stopTimers(revision);
    if (revision.decider || revision.collector) this.#wake(revision);
    else this.#revisions.delete(keyText(key));
  }

  #record(revision: RevisionEntry, stat: Stat): void {
    const { collector } = revision;
    if (collector === undefined) return;
    collector.windows ??= new RevisionWindows(sizesOf(collector.spec), collector.spec.aggregation);
    collector.windows.record(this.#now(), {
      concurrency: stat.averageConcurrentRequests,
      proxiedConcurrency: stat.averageProxiedConcurrentRequests,
      requestCount: stat.requestCount,
      proxiedRequestCount: stat.proxiedRequestCount,
    });
  }

  /**
   * Requests that no ready pod can take are decided on as they are reported; the original does so only for the
   * first one at zero (spec S-039) and lets a burst behind it wait for the next tick.
   */
  #mustDecideNow({ key, decider }: RevisionEntry): boolean {
    if (decider === undefined) return false;
    return decider.decision.desiredPodCount === 0 || this.#ports.pods(key).length === 0;
  }

  /** A poke is a report of requests that no ready pod can take. */
  #decide(revision: RevisionEntry, cause: "tick" | "poke"): void {
    const { key, decider, collector } = revision;
    if (decider === undefined || collector === undefined) return;
    const { spec, decision: before } = decider;
    const nowMs = this.#now();
    const series: Series = spec.scalingMetric === "rps" ? "rps" : "concurrency";
    const readyPods = this.#ports.pods(key).length;
    if (!hasWord(collector, { series, nowMs, readyPods })) return;
    const averages = collector.windows?.averages(series, nowMs) ?? { stable: 0, panic: 0 };
    const observation = { readyPods, ...averages };
    const { state, decision } = decide({ state: decider.state, spec, observation, nowMs });
    decider.state = state;
    decider.decision = decision;
    decider.averages = averages;
    if (before.desiredPodCount !== decision.desiredPodCount)
      this.#ports.log.debug("wants another number of pods", {
        revision: keyText(key),
        cause,
        before: before.desiredPodCount,
        desired: decision.desiredPodCount,
        metric: series,
        target: spec.targetValue,
        panicking: state.panicAtMs !== undefined,
        excessBurstCapacity: decision.excessBurstCapacity,
        ...observation,
      });
    if (mustNotify(before, decision)) this.#ports.onDecision(key);
  }

  *#views(): Generator<DeciderView> {
    for (const { key, decider } of this.#revisions.values()) {
      if (decider) yield { key, ...decider, panicking: decider.state.panicAtMs !== undefined };
    }
  }

  #attributesOf(key: ObjectKey): Attributes {
    return this.#ports.attributesOf?.(key) ?? revisionAttributes({ ...key, service: "", configuration: "" });
  }

  #wake(revision: RevisionEntry): void {
    if (!this.#running) return;
    const { clock, random } = this.#ports;
    // The random share spreads the revisions over the period: no two ticks of many revisions fall together.
    if (revision.tick === undefined && this.#needsTick(revision))
      revision.tick = clock.schedule(TICK_MS * (1 - random.next()), () => this.#onTick(revision));
    if (revision.scrape === undefined && this.#needsScrape(revision))
      revision.scrape = clock.schedule(SCRAPE_MS * random.next(), () => void this.#onScrape(revision));
  }

  #needsTick({ key, decider, collector }: RevisionEntry): boolean {
    if (decider === undefined || collector === undefined) return false;
    if (this.#ports.pods(key).length > 0) return true;
    const hasTraffic = collector.windows !== undefined || collector.spec.scrapeTarget === "";
    return hasTraffic && decider.decision.desiredPodCount !== 0;
  }

  #needsScrape({ key, collector }: RevisionEntry): boolean {
    return collector !== undefined && collector.spec.scrapeTarget !== "" && this.#ports.pods(key).length > 0;
  }

  #onTick(revision: RevisionEntry): void {
    this.#decide(revision, "tick");
    const { clock } = this.#ports;
    const goesOn = this.#running && this.#needsTick(revision);
    revision.tick = goesOn ? clock.schedule(TICK_MS, () => this.#onTick(revision)) : undefined;
    if (!goesOn) this.#scheduleSweep();
  }

  async #onScrape(revision: RevisionEntry): Promise<void> {
    const { clock } = this.#ports;
    const startedMs = clock.monotonic();
    const timer = revision.scrape;
    await this.#scrape(revision);
    if (revision.scrape !== timer) return;
    const delayMs = Math.max(0, SCRAPE_MS - (clock.monotonic() - startedMs));
    this.#scrapes.at(this.#attributesOf(revision.key)).record((clock.monotonic() - startedMs) / 1000);
    const goesOn = this.#running && this.#needsScrape(revision);
    revision.scrape = goesOn ? clock.schedule(delayMs, () => void this.#onScrape(revision)) : undefined;
  }

  async #scrape(revision: RevisionEntry): Promise<void> {
    const { key, collector } = revision;
    if (collector === undefined) return;
    let fault: CollectorFault | undefined;
    try {
      const { stat, podsAddressable } = await this.#scrapeRound(key, collector);
      collector.podsAddressable = podsAddressable;
      if (stat !== undefined && revision.collector === collector) this.#record(revision, stat);
    } catch (thrown) {
      fault = faultOf(thrown);
      this.#ports.log.debug("scraped too few pods of a revision", {
        revision: keyText(key),
        why: messageOf(thrown),
      });
    }
    const changed = JSON.stringify(fault) !== JSON.stringify(collector.fault);
    collector.fault = fault;
    if (changed) this.#ports.onCollectorFault?.(key);
  }

  #scrapeRound(key: ObjectKey, { spec, podsAddressable }: Collector): Promise<ScrapeResult> {
    const { mesh = () => QUIET_SETTINGS.mesh, random, scrapeService } = this.#ports;
    const { mode, podAddressability } = mesh();
    const service = `${spec.scrapeTarget}.${key.namespace}`;
    const round = {
      pods: this.#ports.pods(key),
      windowMs: spec.stableWindowMs,
      nowMs: this.#now(),
      meshMode: scrapeService ? mode : "disabled",
      podsAddressable,
      usePassthroughLb: podAddressability,
    } as const;
    return scrapeRound(round, {
      random,
      scrapePod: (ip) => this.#ports.scrapePod(ip, podAddressability ? service : undefined),
      scrapeService: () =>
        scrapeService?.(service) ?? Promise.reject(new ScrapeError("other", `${service} leads nowhere`)),
    });
  }

  /**
   * Windows of revisions at zero are dropped once they are empty: that is what keeps such a revision small.
   */
  #scheduleSweep(): void {
    if (this.#sweep !== undefined) return;
    this.#sweep = this.#ports.clock.schedule(SWEEP_MS, () => {
      this.#sweep = undefined;
      if (this.#running && this.#sweepWindows()) this.#scheduleSweep();
    });
  }

  #sweepWindows(): boolean {
    const nowMs = this.#now();
    let left = false;
    for (const { tick, collector } of this.#revisions.values()) {
      if (tick !== undefined || collector?.windows === undefined) continue;
      const { windows } = collector;
      const isEmpty = windows.isEmpty("concurrency", nowMs) && windows.isEmpty("rps", nowMs);
      if (isEmpty) collector.windows = undefined;
      else left = true;
    }
    return left;
  }
}

/**
 * Whether the numbers allow a decision. Pods that cannot be asked for a whole window may be busy, so nothing is
 * decided; the original (errata S-023) takes that one second for a zero and so takes busy pods away. Without
 * pods silence means that nobody asks, for activators report whatever they hold.
 */
function hasWord(
  { spec, windows }: Collector,
  at: { readonly series: Series; readonly nowMs: number; readonly readyPods: number },
): boolean {
  if (spec.scrapeTarget === "") return true;
  if (windows === undefined) return false;
  return at.readyPods === 0 || !windows.isSilent(at.series, at.nowMs);
}

function isNothing(stat: Stat): boolean {
  return stat.averageConcurrentRequests === 0 && stat.requestCount === 0;
}

function sizesOf(spec: CollectorSpec): { stableMs: number; panicMs: number } {
  return { stableMs: spec.stableWindowMs, panicMs: spec.panicWindowMs };
}

function stopTimers(revision: RevisionEntry): void {
  revision.tick?.cancel();
  revision.scrape?.cancel();
  revision.tick = undefined;
  revision.scrape = undefined;
}

function faultOf(thrown: unknown): CollectorFault {
  if (thrown instanceof ScrapeError && thrown.failure === "didNotReceiveStat") return "didNotReceiveStat";
  if (thrown instanceof ScrapeError && thrown.failure === "podsExhausted")
    return { failed: "pods exhausted" };
  return { failed: messageOf(thrown) };
}
