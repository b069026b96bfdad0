import type { MeshSettings } from "../../api/wire/settings.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import type { RequestTimeoutLimits } from "../../http/request-timeouts.ts";
import type { Backend } from "../backend.ts";
import { ClusterIpSearch } from "./cluster-ip-search.ts";
import type { PodTracker } from "./load-balance.ts";
import { PodProber, type PodProberOptions } from "./pod-probe.ts";
import { type ObservedPods, PodSet } from "./pod-set.ts";
import { type ActivatorNames, RevisionNames } from "./revision-names.ts";
import { shareOf } from "./share.ts";
import type { ActivatorPosition } from "./subset.ts";
import { type Admission, type HeldBytes, type HoldBounds, Throttle, type Waiter } from "./throttle.ts";

/** What the activator needs to know of a Revision; never the object itself (DESIGN §4, Projections). */
export interface RevisionView {
  readonly namespace: string;
  readonly name: string;
  /** Where it comes from; absent = from none. */
  readonly service?: string;
  readonly configuration?: string;
  readonly containerConcurrency: number;
  readonly limits: RequestTimeoutLimits;
  /** False with an exec readiness probe or a startup probe (spec T-030). */
  readonly trustsProbes: boolean;
  /** Why the revision cannot serve, as its Ready condition says it. */
  readonly failure?: RevisionFailure;
}

export interface RevisionFailure {
  readonly reason: string;
  readonly message: string;
  /** Nothing but a change of the revision can help: no image, deadline passed. */
  readonly final: boolean;
}

/** A request that may be held: woken exactly once, by an admission or an end. */
export interface HeldRequest extends Waiter {
  readonly arrivedMs: number;
  admit(tracker: PodTracker): void;
  giveUp(failure: RevisionFailure): void;
}

export interface RevisionHoldOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly bounds: HoldBounds;
  readonly held: HeldBytes;
  readonly prober: PodProberOptions;
  readonly log: Log;
  readonly activator: ActivatorNames;
  /** See RevisionsOptions. */
  readonly clusterIpOf?: ((revision: RevisionView) => Promise<Backend | undefined>) | undefined;
  /** In force for all revisions. */
  readonly mesh: () => MeshSettings;
}

/**
 * How long requests wait for a failed revision. A crashed container is restarted at once and again after 10 s, so a
 * shorter wait would lose requests that the second start serves; a final failure is only checked against news that
 * are on their way. Nobody waits for ever: then the request ends with a clear answer.
 */
const CRASH_GRACE_MS = 10_000;
const FINAL_GRACE_MS = 1_000;

/** One revision in the activator: its throttle, its pods and their probes, its bad news. */
export class RevisionHold {
  view: RevisionView;
  readonly #options: RevisionHoldOptions;
  readonly #throttle: Throttle;
  readonly #pods = new PodSet();
  readonly #prober: PodProber;
  /** None where Services' addresses lead nowhere. */
  readonly #search: ClusterIpSearch | undefined;
  /** All requests go there: pods cannot be reached one by one (spec T-034). */
  #clusterIp: Backend | undefined;
  #position: ActivatorPosition = { count: 0, index: -1 };
  #failingSinceMs: number | undefined;
  #failureTimer: Timer | undefined;
  #names: RevisionNames | undefined;
  #isUsed = false;

  constructor(view: RevisionView, options: RevisionHoldOptions) {
    this.view = view;
    this.#options = options;
    this.#throttle = new Throttle(options);
    this.#prober = new PodProber(options.prober, {
      onProven: (backend) => {
        const counts = this.#pods.prove(backend);
        if (counts) this.#podsChanged();
        return counts;
      },
      onFailed: (backend, outcome) => {
        this.#pods.fail(backend, outcome);
        this.#search?.want(this.#needsClusterIp);
      },
      urgent: () => this.#throttle.waiting > 0,
    });
    this.#search = this.#searchThrough(options.clusterIpOf);
    this.setView(view);
  }

  get waiting(): number {
    return this.#throttle.waiting;
  }

  /** Requests at pods. */
  get running(): number {
    return this.#throttle.running;
  }

  /** A request for it has come here. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  get names(): RevisionNames {
    const { namespace, name, service = "", configuration = "" } = this.view;
    this.#names ??= new RevisionNames({ namespace, name, service, configuration }, this.#options.activator);
    return this.#names;
  }

  setView(view: RevisionView): void {
    const { service, configuration } = this.view;
    this.view = view;
    // The same names stay the same object, by which their series are found.
    if (service !== view.service || configuration !== view.configuration) this.#names = undefined;
    this.#pods.trustsProbes = view.trustsProbes;
    this.#podsChanged();
    if (view.failure === undefined) this.#failingSinceMs = undefined;
    else this.#failingSinceMs ??= this.#options.clock.monotonic();
    this.#watchFailure();
  }

  setPods(observed: ObservedPods): void {
    this.#pods.observe(observed);
    if (observed.ready.length + observed.notReady.length === 0) this.#clusterIp = undefined;
    this.#podsChanged();
  }

  /** `options.mesh` has changed. */
  meshChanged(): void {
    this.#clusterIp = undefined;
    this.#podsChanged();
  }

  introducePod(backend: Backend): void {
    this.#pods.introduce(backend);
    this.#podsChanged();
  }

  setPosition(position: ActivatorPosition): void {
    this.#position = position;
    this.#podsChanged();
  }

  drainPod(backend: Backend): void {
    if (this.#pods.drain(backend)) this.#podsChanged();
  }

  arrive(request: HeldRequest): PodTracker | "held" | "count-full" | "bytes-full" {
    this.#isUsed = true;
    const outcome = this.#throttle.arrive(request);
    if (outcome === "held") this.#watchFailure();
    return outcome;
  }

  /** The pod was chosen but not one byte reached it: it is probed anew, the request goes to the front. */
  comeBack(request: HeldRequest, from: PodTracker): PodTracker | "held" {
    this.#pods.suspect(from.backend);
    this.#podsChanged();
    this.#admit(this.#throttle.release(from));
    return this.#throttle.comeBack(request);
  }

  leave(request: HeldRequest): void {
    this.#throttle.leave(request);
  }

  release(tracker: PodTracker): void {
    this.#admit(this.#throttle.release(tracker));
  }

  /** The revision is gone: whoever waits is told so. */
  close(failure: RevisionFailure): void {
    this.#prober.close();
    this.#search?.close();
    this.#failureTimer?.cancel();
    for (const waiter of this.#throttle.takeAll()) (waiter as HeldRequest).giveUp(failure);
  }

  #searchThrough(find: RevisionHoldOptions["clusterIpOf"]): ClusterIpSearch | undefined {
    if (find === undefined) return undefined;
    const { log, prober } = this.#options;
    const onFound = (backend: Backend) => {
      this.#clusterIp = backend;
      this.#podsChanged();
    };
    return new ClusterIpSearch({ ...prober, log }, { find: () => find(this.view), onFound });
  }

  #podsChanged(): void {
    const { mode } = this.#options.mesh();
    this.#pods.trustsReady = mode !== "auto";
    this.#search?.want(this.#needsClusterIp);
    const seesPods = this.#clusterIp === undefined && !this.#onlyClusterIp;
    const { targets, targetLimit } = shareOf({
      limit: this.view.containerConcurrency,
      pods: seesPods ? this.#pods.usable() : [],
      clusterIp: this.#clusterIp,
      backends: this.#pods.readyCount,
      position: this.#position,
    });
    this.#admit(this.#throttle.setPods(targets, targetLimit));
    this.#prober.probe(seesPods ? this.#pods.unproven() : []);
  }

  /** Where Services have addresses that lead somewhere. */
  get #onlyClusterIp(): boolean {
    return this.#search !== undefined && this.#options.mesh().mode === "enabled";
  }

  get #needsClusterIp(): boolean {
    const { mode, podAddressability } = this.#options.mesh();
    if (this.#clusterIp !== undefined) return false;
    if (mode === "enabled") return this.#pods.readyCount > 0;
    return mode === "auto" && !podAddressability && this.#pods.areHidden;
  }

  #admit(admissions: readonly Admission[]): void {
    for (const { waiter, tracker } of admissions) (waiter as HeldRequest).admit(tracker);
  }

  #watchFailure(): void {
    this.#failureTimer?.cancel();
    const { failure } = this.view;
    const sinceMs = this.#failingSinceMs;
    if (failure === undefined || sinceMs === undefined) return;
    const graceMs = failure.final ? FINAL_GRACE_MS : CRASH_GRACE_MS;
    const nowMs = this.#options.clock.monotonic();
    for (;;) {
      const oldest = this.#throttle.oldest as HeldRequest | undefined;
      if (oldest === undefined || this.#throttle.hasPods) return;
      const dueMs = Math.max(sinceMs, oldest.arrivedMs) + graceMs;
      if (dueMs > nowMs) {
        this.#failureTimer = this.#options.clock.schedule(dueMs - nowMs, () => this.#watchFailure());
        return;
      }
      this.#throttle.leave(oldest);
      oldest.giveUp(failure);
    }
  }
}
