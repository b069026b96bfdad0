import { addressText, type Backend } from "../backend.ts";
import type { ProbeOutcome } from "./probe-attempt.ts";
import { podKey } from "./throttle.ts";

export interface ObservedPods {
  readonly ready: readonly Backend[];
  readonly notReady: readonly Backend[];
}

interface PodState {
  readonly backend: Backend;
  /** Kubernetes says so. */
  ready: boolean;
  /** The Endpoints have it. A pod of this process may be known before (`introduce`). */
  listed: boolean;
  /** A probe of ours succeeded. */
  proven: boolean;
  /** How the newest one that failed did so. */
  failure: ProbeOutcome | undefined;
  draining: boolean;
}

/**
 * Which pods of one revision may be sent to: pure. A pod counts once our own probe of it has succeeded, even before
 * Kubernetes calls it ready, unless the revision has an exec readiness probe or a startup probe, which only the kubelet
 * sees (spec T-029, T-030, T-035).
 */
export class PodSet {
  readonly #pods = new Map<string, PodState>();
  /** May a pod that Kubernetes does not call ready be used after a probe? */
  trustsProbes = true;
  /** Is a pod that Kubernetes calls ready used without a probe (spec T-033)? */
  trustsReady = false;

  /** Takes over what the Endpoints say. A pod that fell back to not ready must be probed again (spec T-035). */
  observe(observed: ObservedPods): void {
    const seen = new Set<string>();
    for (const backend of observed.ready) seen.add(this.#see(backend, true));
    for (const backend of observed.notReady) seen.add(this.#see(backend, false));
    for (const [key, { listed }] of this.#pods) if (listed && !seen.has(key)) this.#pods.delete(key);
  }

  /** A pod that the Endpoints will list as not ready in a moment: it can be probed already. */
  introduce(backend: Backend): void {
    const key = podKey(backend);
    if (this.#pods.has(key)) return;
    this.#pods.set(key, { ...UNPROVEN, backend, ready: false, listed: false });
  }

  /** False when the probe does not count yet: only the kubelet can say that this pod is ready (spec T-030). */
  prove(backend: Backend): boolean {
    const pod = this.#pods.get(podKey(backend));
    if (pod === undefined) return true;
    pod.proven = true;
    return pod.ready || this.trustsProbes;
  }

  /** A probe of it failed. */
  fail(backend: Backend, outcome: ProbeOutcome): void {
    const pod = this.#pods.get(podKey(backend));
    if (pod) pod.failure = outcome;
  }

  /** Pods that Kubernetes calls ready. */
  get readyCount(): number {
    let count = 0;
    for (const { ready, draining } of this.#pods.values()) if (ready && !draining) count += 1;
    return count;
  }

  /** There are ready pods, and each one that was probed looks as a mesh makes it look (spec T-033). */
  get areHidden(): boolean {
    const pods = [...this.#pods.values()];
    return this.readyCount > 0 && pods.every(({ proven, failure }) => !proven && failure === "hidden");
  }

  /** It could not be reached: it must be probed again before anything is sent to it. */
  suspect(backend: Backend): void {
    const pod = this.#pods.get(podKey(backend));
    if (pod) pod.proven = false;
  }

  /**
   * It gets nothing new, whatever the Endpoints still say. Matches by uid where one is given, else by address.
   * True when there is such a pod.
   */
  drain(backend: Backend): boolean {
    let found = false;
    for (const [key, pod] of this.#pods) {
      if (addressText(pod.backend) !== addressText(backend)) continue;
      if (backend.podUid !== undefined && (pod.backend.podUid ?? backend.podUid) !== backend.podUid) continue;
      found = true;
      if (pod.listed) pod.draining = true;
      else this.#pods.delete(key);
    }
    return found;
  }

  /** Sorted by address, as Knative fills them. */
  usable(): Backend[] {
    const usable = [...this.#pods.values()].filter((pod) => this.#isUsable(pod) && !pod.draining);
    return usable.map(({ backend }) => backend).sort(byAddress);
  }

  /** Which are to be probed: also those whose probe does not count yet, as long as it does not (spec T-032). */
  unproven(): Backend[] {
    const isDone = (pod: PodState) => pod.draining || this.#isUsable(pod);
    return [...this.#pods.values()].filter((pod) => !isDone(pod)).map((pod) => pod.backend);
  }

  #isUsable({ proven, ready }: PodState): boolean {
    return ready ? proven || this.trustsReady : proven && this.trustsProbes;
  }

  #see(backend: Backend, ready: boolean): string {
    const key = podKey(backend);
    const known = this.#pods.get(key);
    if (known === undefined) {
      this.#pods.set(key, { ...UNPROVEN, backend, ready, listed: true });
    } else {
      known.listed = true;
      if (known.ready && !ready) known.proven = false;
      known.ready = ready;
    }
    return key;
  }
}

const UNPROVEN = { proven: false, failure: undefined, draining: false };

function byAddress(a: Backend, b: Backend): number {
  const left = addressText(a);
  const right = addressText(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
