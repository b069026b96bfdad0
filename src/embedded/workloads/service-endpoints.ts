import { type CoreService, CoreServiceKind } from "../../api/core-service/kind.ts";
import { type EndpointSlice, EndpointSliceKind } from "../../api/endpoint-slice/kind.ts";
import { type Endpoints, EndpointsKind } from "../../api/endpoints/kind.ts";
import { keyOf, type ObjectKey, type Stored } from "../../api/object.ts";
import { type Pod, PodKind } from "../../api/pod/kind.ts";
import { labelIndex } from "../../kube/informer.ts";
import { controllerReference } from "../../kube/owned-children.ts";
import { semanticallyEqual } from "../../kube/semantic.ts";
import {
  ENDPOINTS_MANAGED_BY,
  endpointsLabels,
  MANAGED_BY,
  MIRRORING_CONTROLLER,
  mirroredContents,
  SERVICE_NAME,
  SLICE_CONTROLLER,
  sliceContents,
  sliceLabels,
  subsetsOf,
  TRIGGER_TIME,
  triggerTime,
} from "./endpoints-of.ts";
import { KeyLoop, type WorkloadPorts } from "./loop.ts";
import { firstPair, hasAll, labelPlaces, podsByLabel, servicesBySelector } from "./selector.ts";

/**
 * Services with a selector → Endpoints and EndpointSlices from their pods; Endpoints made by hand (Knative's public
 * ones) → mirrored EndpointSlices. The key is the Service's, which all of them share (spec E-214).
 */
export class ServiceEndpoints {
  readonly #ports: WorkloadPorts;
  readonly #loop: KeyLoop;

  constructor(ports: WorkloadPorts) {
    this.#ports = ports;
    this.#loop = new KeyLoop("endpoints", ports, (key) => this.#reconcile(key));
  }

  start(signal: AbortSignal): void {
    const { informers } = this.#ports;
    const services = informers.of(CoreServiceKind);
    services.onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(EndpointsKind).onChange(({ object }) => this.#loop.add(keyOf(object)));
    informers.of(EndpointSliceKind).onChange(({ object }) => {
      const name = object.metadata.labels?.[SERVICE_NAME];
      if (name) this.#loop.add({ namespace: object.metadata.namespace ?? "", name });
    });
    informers.of(PodKind).onChange(({ object, previous }) => {
      if (previous && isSameEndpoint(previous, object)) return;
      // Also those that a pod has left by another label.
      for (const pod of previous ? [previous, object] : [object])
        for (const place of labelPlaces(pod))
          for (const service of services.by(servicesBySelector, place))
            if (isSelectedBy(pod, service)) this.#loop.add(keyOf(service));
    });
    this.#loop.start(signal);
  }

  get idle(): boolean {
    return this.#loop.idle;
  }

  async #reconcile(key: ObjectKey): Promise<void> {
    const { informers } = this.#ports;
    const service = informers.of(CoreServiceKind).get(key);
    const endpoints = informers.of(EndpointsKind).get(key);
    if (!service || service.metadata.deletionTimestamp !== undefined) return this.#forsake(key, endpoints);
    if (service.spec.type === "ExternalName" || !service.spec.selector)
      return this.#mirror(key, service, endpoints);
    const pods = informers
      .of(PodKind)
      .by(podsByLabel, firstPair(service) ?? "")
      .filter((pod) => isSelectedBy(pod, service));
    await this.#writeEndpoints(service, endpoints, pods);
    const wanted = sliceContents(service, pods).map((contents) => ({
      ...contents,
      labels: sliceLabels(service),
      annotations: { [TRIGGER_TIME]: triggerTime(service, pods) },
      owner: controllerReference(CoreServiceKind, service),
    }));
    await this.#writeSlices(key, SLICE_CONTROLLER, wanted);
    await this.#writeSlices(key, MIRRORING_CONTROLLER, []);
  }

  /** Endpoints of a Service that is gone have no reason to be; its slices go with their owner. */
  async #forsake(key: ObjectKey, endpoints: Stored<Endpoints> | undefined): Promise<void> {
    const isOurs = endpoints?.metadata.labels?.[ENDPOINTS_MANAGED_BY] !== undefined;
    if (endpoints && isOurs && endpoints.metadata.deletionTimestamp === undefined)
      await this.#ports.client.delete(EndpointsKind, key, { uid: endpoints.metadata.uid });
    await this.#writeSlices(key, MIRRORING_CONTROLLER, []);
  }

  async #mirror(
    key: ObjectKey,
    service: CoreService,
    endpoints: Stored<Endpoints> | undefined,
  ): Promise<void> {
    const { labels = {}, annotations = {} } = endpoints?.metadata ?? {};
    const isMirrored =
      endpoints &&
      service.spec.type !== "ExternalName" &&
      labels["endpointslice.kubernetes.io/skip-mirror"] !== "true" &&
      endpoints.metadata.deletionTimestamp === undefined;
    const { [TRIGGER_TIME]: _, ...kept } = annotations;
    const wanted = isMirrored
      ? mirroredContents(endpoints).map((contents) => ({
          ...contents,
          labels: { ...labels, [MANAGED_BY]: MIRRORING_CONTROLLER, [SERVICE_NAME]: key.name },
          annotations: kept,
          owner: controllerReference(EndpointsKind, endpoints),
        }))
      : [];
    await this.#writeSlices(key, MIRRORING_CONTROLLER, wanted);
    await this.#writeSlices(key, SLICE_CONTROLLER, []);
  }

  async #writeEndpoints(
    service: Stored<CoreService>,
    existing: Stored<Endpoints> | undefined,
    pods: readonly Pod[],
  ): Promise<void> {
    const { client, informers } = this.#ports;
    const subsets = subsetsOf(service, pods);
    const labels = endpointsLabels(service);
    const isSame =
      existing &&
      semanticallyEqual(existing.subsets, subsets) &&
      semanticallyEqual(existing.metadata.labels, labels);
    if (isSame) return;
    const annotations = { ...existing?.metadata.annotations, [TRIGGER_TIME]: triggerTime(service, pods) };
    const { name, namespace = "" } = service.metadata;
    const changed = { labels, annotations };
    const written = existing
      ? await client.update(EndpointsKind, {
          ...existing,
          metadata: { ...existing.metadata, ...changed },
          subsets,
        })
      : await client.create(EndpointsKind, { metadata: { name, namespace, ...changed }, subsets });
    informers.of(EndpointsKind).absorb(written);
  }

  /** Makes the slices of one manager for one Service the wanted ones, changing as few as can be. */
  async #writeSlices(key: ObjectKey, manager: string, wanted: readonly WantedSlice[]): Promise<void> {
    const { client } = this.#ports;
    const existing = this.#ports.informers
      .of(EndpointSliceKind)
      .by(sliceIndex, `${key.namespace}/${key.name}`)
      .filter(
        ({ metadata }) =>
          metadata.labels?.[MANAGED_BY] === manager && metadata.deletionTimestamp === undefined,
      );
    const free = [...existing];
    const missing: WantedSlice[] = [];
    for (const want of wanted) {
      const same = free.findIndex((slice) => isSlice(slice, want));
      if (same >= 0) free.splice(same, 1);
      else missing.push(want);
    }
    for (const want of missing) await this.#writeSlice(key, free.shift(), want);
    for (const slice of free)
      await client.delete(EndpointSliceKind, keyOf(slice), { uid: slice.metadata.uid });
  }

  async #writeSlice(
    key: ObjectKey,
    existing: Stored<EndpointSlice> | undefined,
    want: WantedSlice,
  ): Promise<void> {
    const { client, informers } = this.#ports;
    const { labels, annotations, owner, endpoints, ports } = want;
    const metadata = { labels, annotations, ownerReferences: [owner] };
    const contents = { addressType: "IPv4" as const, endpoints, ...(ports ? { ports } : {}) };
    const written = existing
      ? await client.update(EndpointSliceKind, {
          ...existing,
          ...contents,
          metadata: { ...existing.metadata, ...metadata },
        })
      : await client.create(EndpointSliceKind, {
          ...contents,
          metadata: { generateName: `${key.name}-`, namespace: key.namespace, ...metadata },
        });
    informers.of(EndpointSliceKind).absorb(written);
  }
}

interface WantedSlice extends Pick<EndpointSlice, "endpoints" | "ports"> {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly owner: ReturnType<typeof controllerReference>;
}

const sliceIndex = labelIndex(SERVICE_NAME);

function isSelectedBy(pod: Pod, { spec }: CoreService): boolean {
  return spec.selector !== undefined && hasAll(spec.selector, pod.metadata.labels);
}

/** Equal but for the trigger time, which alone is no reason to write. */
function isSlice(slice: EndpointSlice, want: WantedSlice): boolean {
  const { [TRIGGER_TIME]: _, ...annotations } = slice.metadata.annotations ?? {};
  const { [TRIGGER_TIME]: __, ...wanted } = want.annotations;
  return (
    semanticallyEqual(slice.endpoints, want.endpoints) &&
    semanticallyEqual(slice.ports, want.ports) &&
    semanticallyEqual(slice.metadata.labels, want.labels) &&
    semanticallyEqual(annotations, wanted) &&
    slice.metadata.ownerReferences?.[0]?.uid === want.owner.uid
  );
}

/** Most changes of a pod (restart counts, messages) concern no endpoint. */
function isSameEndpoint(before: Pod, after: Pod): boolean {
  return (
    before.status?.podIP === after.status?.podIP &&
    before.status?.phase === after.status?.phase &&
    before.metadata.deletionTimestamp === after.metadata.deletionTimestamp &&
    readyOf(before) === readyOf(after) &&
    semanticallyEqual(before.metadata.labels, after.metadata.labels)
  );
}

function readyOf({ status }: Pod): string | undefined {
  return status?.conditions?.find(({ type }) => type === "Ready")?.status;
}
