import { type Deployment, DeploymentKind } from "../../api/deployment/kind.ts";
import { keyOf, type ObjectKey, type Stored } from "../../api/object.ts";
import type { PodTemplate } from "../../api/pod-spec.ts";
import { type ReplicaSet, ReplicaSetKind } from "../../api/replica-set/kind.ts";
import { isApiError } from "../../api/status.ts";
import { sleep } from "../../base/clock.ts";
import { controllerReference, isControlledBy } from "../../kube/owned-children.ts";
import { semanticallyEqual } from "../../kube/semantic.ts";
import { deploymentStatus, progressLeftMs } from "./deployment-status.ts";
import { KeyLoop, ownerKey, type WorkloadPorts } from "./loop.ts";
import { bounds, rolloutSizes, type SetSize } from "./rollout.ts";
import { TEMPLATE_HASH, templateHash } from "./template-hash.ts";

/** Deployment → ReplicaSets: one per template, sized by `rollout.ts` (spec E-214). */
export class Deployments {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts) {
    this.#ports = ports;
    this.#loop = new KeyLoop("deployment", { ...ports, isUrgent: true }, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    informers.of(DeploymentKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(ReplicaSetKind).onChange(({ object }) => {
      const owner = ownerKey(object, "Deployment");
      if (owner) this.#loop.add(owner);
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { informers, clock } = this.#ports;
    const deployment = informers.of(DeploymentKind).get(key);
    if (!deployment) return;
    if (deployment.metadata.deletionTimestamp !== undefined) return;
    const known = [...informers.ownedBy(ReplicaSetKind, deployment)].sort(byAge);
    const existing = known.find((set) => isOfTemplate(set, deployment.spec.template));
    const made = existing === undefined && !deployment.spec.paused;
    const newSet = existing ?? (made ? await this.#createSet(deployment, known) : undefined);
    const oldSets = known.filter((set) => set !== existing);
    const sized = await this.#resize(deployment, newSet, oldSets);
    await this.#dropHistory(deployment, sized.oldSets);
    const revision = sized.newSet?.metadata.annotations?.[REVISION];
    await this.#writeStatus(deployment, { ...sized, isNewMade: made, revision });
    const current = informers.of(DeploymentKind).get(key) ?? deployment;
    const progressing = current.status?.conditions?.find(({ type }) => type === "Progressing");
    const leftMs = progressLeftMs(current, progressing, clock.wall());
    if (Number.isFinite(leftMs)) this.#loop.addAfter(key, Math.max(leftMs, 0) + 1_000);
  }

  async #createSet(
    deployment: Stored<Deployment>,
    known: readonly ReplicaSet[],
  ): Promise<Stored<ReplicaSet>> {
    const { client, informers } = this.#ports;
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
    const set = newReplicaSet(deployment, known, hash);
    try {
      const created = await client.create(ReplicaSetKind, set);
      informers.of(ReplicaSetKind).absorb(created);
      return created;
    } catch (thrown) {
      if (!isApiError(thrown, "AlreadyExists")) throw thrown;
      // Ours from a moment ago, or another template's with the same hash: then the next round takes another name.
      const other = await client.get(ReplicaSetKind, keyOf(set));
      if (isControlledBy(other, deployment) && isOfTemplate(other, deployment.spec.template)) return other;
      const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
      const status = { ...deployment.status, collisionCount };
      informers
        .of(DeploymentKind)
        .absorb(await client.updateStatus(DeploymentKind, { ...deployment, status }));
      throw thrown;
    }
  }

  async #resize(
    deployment: Stored<Deployment>,
    newSet: Stored<ReplicaSet> | undefined,
    oldSets: readonly Stored<ReplicaSet>[],
  ): Promise<{ newSet: Stored<ReplicaSet> | undefined; oldSets: Stored<ReplicaSet>[] }> {
    if (!newSet) return { newSet, oldSets: [...oldSets] };
    const sizes = rolloutSizes(deployment.spec, sizeOf(newSet), oldSets.map(sizeOf));
    const resized = await this.#resizeOne(deployment, newSet, sizes.newSize);
    const shrunk: Stored<ReplicaSet>[] = [];
    for (const set of oldSets)
      shrunk.push(await this.#resizeOne(deployment, set, sizes.oldSizes.get(set.metadata.name) ?? 0));
    return { newSet: resized, oldSets: shrunk };
  }

  async #resizeOne(
    deployment: Deployment,
    set: Stored<ReplicaSet>,
    replicas: number,
  ): Promise<Stored<ReplicaSet>> {
    const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
    const isSame = set.spec.replicas === replicas && semanticallyEqual(annotations, set.metadata.annotations);
    if (isSame) return set;
    const { client, informers } = this.#ports;
    const body = { metadata: { annotations }, spec: { replicas } };
    const patched = await client.patch(ReplicaSetKind, keyOf(set), { type: "merge", body });
    informers.of(ReplicaSetKind).absorb(patched);
    return patched;
  }

  async #dropHistory(deployment: Deployment, oldSets: readonly Stored<ReplicaSet>[]): Promise<void> {
    const limit = deployment.spec.revisionHistoryLimit ?? 10;
    const empty = oldSets.filter(
      ({ spec, status, metadata }) =>
        spec.replicas === 0 &&
        status?.replicas === 0 &&
        status.observedGeneration === metadata.generation &&
        metadata.deletionTimestamp === undefined,
    );
    for (const set of empty.slice(0, Math.max(0, empty.length - limit)))
      await this.#ports.client.delete(ReplicaSetKind, keyOf(set), { uid: set.metadata.uid });
  }

  /**
   * The revision annotation travels with the status, which leaves the generation alone. One turn later: the sets that
   * were sized come first, a request may wait for their pods.
   */
  async #writeStatus(
    deployment: Stored<Deployment>,
    observed: {
      newSet: ReplicaSet | undefined;
      oldSets: readonly ReplicaSet[];
      isNewMade: boolean;
      revision: string | undefined;
    },
  ): Promise<void> {
    const { client, informers, clock } = this.#ports;
    const { revision } = observed;
    await sleep(clock, this.#ports.courtesyMs?.() ?? 0);
    const status = deploymentStatus(deployment, { ...observed, nowMs: clock.wall() });
    const annotations = {
      ...deployment.metadata.annotations,
      ...(revision === undefined ? {} : { [REVISION]: revision }),
    };
    const isSame =
      semanticallyEqual(status, deployment.status) &&
      semanticallyEqual(annotations, deployment.metadata.annotations);
    if (isSame) return;
    const metadata = { ...deployment.metadata, annotations };
    informers
      .of(DeploymentKind)
      .absorb(await client.updateStatus(DeploymentKind, { ...deployment, metadata, status }));
  }
}

const REVISION = "deployment.kubernetes.io/revision";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

function newReplicaSet(deployment: Deployment, known: readonly ReplicaSet[], hash: string): ReplicaSet {
  const { metadata, spec } = deployment;
  const { matchLabels, ...selector } = spec.selector;
  const labels = { ...spec.template.metadata?.labels, [TEMPLATE_HASH]: hash };
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {};
  const newest = Math.max(0, ...known.map((set) => Number(set.metadata.annotations?.[REVISION] ?? 0)));
  const sizes = known.map((set) => sizeOf(set as Stored<ReplicaSet>));
  const { newSize } = rolloutSizes(spec, { name: "", wanted: 0, available: 0 }, sizes);
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace ?? "",
      labels,
      annotations: { ...annotations, ...sizeAnnotations(deployment), [REVISION]: String(newest + 1) },
      ownerReferences: [controllerReference(DeploymentKind, deployment)],
    },
    spec: {
      replicas: newSize,
      ...(spec.minReadySeconds ? { minReadySeconds: spec.minReadySeconds } : {}),
      selector: { ...selector, matchLabels: { ...matchLabels, [TEMPLATE_HASH]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const wanted = deployment.spec.replicas ?? 1;
  return {
    "deployment.kubernetes.io/desired-replicas": String(wanted),
    "deployment.kubernetes.io/max-replicas": String(wanted + bounds(deployment.spec).surgeMax),
  };
}

function sizeOf({ metadata, spec, status }: Stored<ReplicaSet>): SetSize {
  return { name: metadata.name, wanted: spec.replicas ?? 1, available: status?.availableReplicas ?? 0 };
}

/** The set was made from this template: equal but for the hash label. */
function isOfTemplate(set: ReplicaSet, template: PodTemplate): boolean {
  const { metadata, ...rest } = set.spec.template;
  const { [TEMPLATE_HASH]: _, ...labels } = metadata?.labels ?? {};
  return semanticallyEqual({ ...rest, metadata: { ...metadata, labels } }, template);
}

function byAge(a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number {
  const difference = Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp);
  return difference || (a.metadata.name < b.metadata.name ? -1 : 1);
}
