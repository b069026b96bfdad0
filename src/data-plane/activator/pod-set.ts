import { addressText, type Backend } from "../backend.ts";
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
    this.#pods.set(key, { backend, ready: false, listed: false, proven: false, draining: false });
  }

  /** False when the probe does not count yet: only the kubelet can say that this pod is ready (spec T-030). */
  prove(backend: Backend): boolean {
    const pod = this.#pods.get(podKey(backend));
    if (pod === undefined) return true;
    pod.proven = true;
    return pod.ready || this.trustsProbes;
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
    const usable = [...this.#pods.values()].filter(
      (pod) => pod.proven && !pod.draining && (pod.ready || this.trustsProbes),
    );
    return usable.map(({ backend }) => backend).sort(byAddress);
  }

  /** Which are to be probed: also those whose probe does not count yet, as long as it does not (spec T-032). */
  unproven(): Backend[] {
    const isDone = (pod: PodState) => pod.draining || (pod.proven && (pod.ready || this.trustsProbes));
    return [...this.#pods.values()].filter((pod) => !isDone(pod)).map((pod) => pod.backend);
  }

  #see(backend: Backend, ready: boolean): string {
    const key = podKey(backend);
    const known = this.#pods.get(key);
    if (known === undefined) {
      this.#pods.set(key, { backend, ready, listed: true, proven: false, draining: false });
    } else {
      known.listed = true;
      if (known.ready && !ready) known.proven = false;
      known.ready = ready;
    }
    return key;
  }
}

function byAddress(a: Backend, b: Backend): number {
  const left = addressText(a);
  const right = addressText(b);
  return left < right ? -1 : left > right ? 1 : 0;
}
