import type { ObjectKey, Stored } from "../../api/object.ts";
import { keyOf } from "../../api/object.ts";
import { type Pod, PodKind } from "../../api/pod/kind.ts";
import {
  type ReplicaSet,
  type ReplicaSetCondition,
  ReplicaSetKind,
  type ReplicaSetStatus,
} from "../../api/replica-set/kind.ts";
import { isApiError } from "../../api/status.ts";
import { sleep } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import { controllerReference } from "../../kube/owned-children.ts";
import { semanticallyEqual } from "../../kube/semantic.ts";
import { timeText } from "../../kube/time.ts";
import { KeyLoop, ownerKey, type WorkloadPorts } from "./loop.ts";
import { byWorth, isActive, isAvailable, isPodReady, readySinceMs } from "./pods.ts";

/** ReplicaSet → Pods (spec E-214). Reads its own writes, so that no pod is made or deleted twice. */
export class ReplicaSets {
  readonly #ports: WorkloadPorts & { readonly nodeName: string };
  readonly #loop: KeyLoop;
  /** Uids of pods whose deletion was asked for and is not seen yet. */
  readonly #leaving = new Set<string>();

  constructor(ports: WorkloadPorts & { readonly nodeName: string }) {
    this.#ports = ports;
    this.#loop = new KeyLoop("replica-set", { ...ports, isUrgent: true }, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    informers.of(ReplicaSetKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(PodKind).onChange(({ type, object }) => {
      if (type === "DELETED") this.#leaving.delete(object.metadata.uid);
      const owner = ownerKey(object, "ReplicaSet");
      if (owner) this.#loop.add(owner);
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { informers, clock } = this.#ports;
    const set = informers.of(ReplicaSetKind).get(key);
    if (!set) return;
    const owned = informers.ownedBy(PodKind, set);
    const active = owned.filter((pod) => isActive(pod) && !this.#leaving.has(pod.metadata.uid));
    const missing = (set.spec.replicas ?? 1) - active.length;
    let failure: string | undefined;
    if (set.metadata.deletionTimestamp === undefined) {
      if (missing > 0) failure = await this.#create(set, missing);
      else if (missing < 0) await this.#delete([...active].sort(byWorth).slice(0, -missing));
    }
    // The new pods are begun first, a request may wait for them.
    await sleep(clock, this.#ports.courtesyMs?.() ?? 0);
    const now = informers
      .ownedBy(PodKind, set)
      .filter((pod) => isActive(pod) && !this.#leaving.has(pod.metadata.uid));
    await this.#writeStatus(set, replicaSetStatus(set, { pods: now, failure, nowMs: clock.wall() }));
    const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
    for (const pod of now.filter((one) => minReadyMs > 0 && isPodReady(one))) {
      const leftMs = readySinceMs(pod) + minReadyMs - clock.wall();
      if (leftMs > 0) this.#loop.addAfter(key, leftMs);
    }
    if (failure !== undefined) this.#loop.addAfter(key, CREATE_RETRY_MS);
  }

  /** Resolves to why not all could be made. */
  async #create(set: Stored<ReplicaSet>, count: number): Promise<string | undefined> {
    const { client, clock, informers, nodeName } = this.#ports;
    const pods = informers.of(PodKind);
    const make = async () => pods.absorb(await client.create(PodKind, podOf(set, nodeName)));
    for (let left = Math.min(count, BURST); left > 0; left -= AT_ONCE) {
      const made = await Promise.allSettled(Array.from({ length: Math.min(left, AT_ONCE) }, make));
      const failed = made.find((one) => one.status === "rejected");
      if (failed) return messageOf(failed.reason);
      if (left > AT_ONCE) await sleep(clock, 0);
    }
    return undefined;
  }

  async #delete(pods: readonly Stored<Pod>[]): Promise<void> {
    for (let from = 0; from < pods.length; from += AT_ONCE) {
      if (from > 0) await sleep(this.#ports.clock, 0);
      const some = pods.slice(from, from + AT_ONCE);
      for (const pod of some) this.#leaving.add(pod.metadata.uid);
      await Promise.all(some.map((pod) => this.#deleteOne(pod)));
    }
  }

  async #deleteOne(pod: Stored<Pod>): Promise<void> {
    const { uid } = pod.metadata;
    try {
      await this.#ports.client.delete(PodKind, keyOf(pod), { uid });
    } catch (thrown) {
      if (isApiError(thrown, "NotFound") || isApiError(thrown, "Conflict")) return;
      this.#leaving.delete(uid);
      throw thrown;
    }
  }

  async #writeStatus(set: Stored<ReplicaSet>, status: ReplicaSetStatus): Promise<void> {
    if (semanticallyEqual(set.status, status)) return;
    const { client, informers } = this.#ports;
    informers.of(ReplicaSetKind).absorb(await client.updateStatus(ReplicaSetKind, { ...set, status }));
  }
}

const BURST = 500;
/** Pods made or deleted in one turn, each with all that follows from it: no slice grows with a scale (DESIGN §4). */
const AT_ONCE = 8;
const CREATE_RETRY_MS = 2_000;

function podOf(set: ReplicaSet, nodeName: string): Pod {
  const { metadata = {}, spec } = set.spec.template;
  return {
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace: set.metadata.namespace ?? "",
      ...(metadata.labels ? { labels: metadata.labels } : {}),
      ...(metadata.annotations ? { annotations: metadata.annotations } : {}),
      ...(metadata.finalizers ? { finalizers: metadata.finalizers } : {}),
      ownerReferences: [controllerReference(ReplicaSetKind, set)],
    },
    // There is one node: what a scheduler would write a moment later is known now.
    spec: { ...spec, nodeName: spec.nodeName ?? nodeName },
  };
}

function replicaSetStatus(
  set: ReplicaSet,
  observed: { readonly pods: readonly Pod[]; readonly failure: string | undefined; readonly nowMs: number },
): ReplicaSetStatus {
  const { pods, failure, nowMs } = observed;
  const ready = pods.filter(isPodReady).length;
  const available = pods.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length;
  const conditions = failureConditions(set.status?.conditions ?? [], failure, nowMs);
  return {
    replicas: pods.length,
    ...(pods.length > 0 ? { fullyLabeledReplicas: pods.length } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(set.metadata.generation === undefined ? {} : { observedGeneration: set.metadata.generation }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function failureConditions(
  known: readonly ReplicaSetCondition[],
  failure: string | undefined,
  nowMs: number,
): ReplicaSetCondition[] {
  const others = known.filter(({ type }) => type !== "ReplicaFailure");
  if (failure === undefined) return others;
  const before = known.find(({ type }) => type === "ReplicaFailure");
  // As in Kubernetes: the first message stays, so that a failure that names each try does not write for ever.
  if (before?.status === "True") return [...known];
  const told = { status: "True" as const, reason: "FailedCreate", message: failure };
  return [...others, { type: "ReplicaFailure", ...told, lastTransitionTime: timeText(nowMs) }];
}
