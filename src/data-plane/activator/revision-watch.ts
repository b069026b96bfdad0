import { type Endpoints, EndpointsKind } from "../../api/endpoints/kind.ts";
import { CONFIGURATION, REVISION, SERVICE, SERVICE_TYPE } from "../../api/labels.ts";
import { type Revision, RevisionKind } from "../../api/revision/kind.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient } from "../../kube/client.ts";
import { type Change, Informer } from "../../kube/informer.ts";
import { backendsOf } from "../endpoint-addresses.ts";
import type { RevisionFailure, RevisionView } from "./revision-hold.ts";
import type { Revisions } from "./revisions.ts";
import { positionAmong } from "./subset.ts";

export interface RevisionWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly revisions: Revisions;
  /** This activator's own address in public Endpoints; absent = the only activator. */
  readonly ownIp?: string;
}

/** Keeps `Revisions` in step with Revisions and their Endpoints (spec T-024, T-028). */
export class RevisionWatch {
  readonly #revisions: Informer<Revision>;
  readonly #endpoints: Informer<Endpoints>;

  constructor(options: RevisionWatchOptions) {
    const { client, clock, log, revisions, ownIp } = options;
    this.#revisions = new Informer({
      client,
      clock,
      log,
      kind: RevisionKind,
      selection: { fields: REVISION_FIELDS },
    });
    this.#endpoints = new Informer({
      client,
      clock,
      log,
      kind: EndpointsKind,
      selection: { labelSelector: `${SERVICE_TYPE} in (Private,Public)`, fields: ["subsets"] },
    });
    this.#revisions.onChange((change) => applyRevision(revisions, change));
    this.#endpoints.onChange((change) => applyEndpoints(revisions, change, ownIp));
  }

  /** Resolves once every revision and its pods are known. */
  get synced(): Promise<void> {
    return Promise.all([this.#revisions.synced, this.#endpoints.synced]).then(() => {});
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#revisions.run(signal), this.#endpoints.run(signal)]);
  }
}

const REVISION_FIELDS = [
  "spec.containerConcurrency",
  "spec.timeoutSeconds",
  "spec.responseStartTimeoutSeconds",
  "spec.idleTimeoutSeconds",
  "spec.containers",
  "status.conditions",
];

function applyRevision(revisions: Revisions, { type, object }: Change<Revision>): void {
  if (type === "DELETED") revisions.delete(object.metadata.namespace ?? "", object.metadata.name);
  else revisions.set(revisionView(object));
}

function applyEndpoints(revisions: Revisions, change: Change<Endpoints>, ownIp: string | undefined): void {
  const { type, object } = change;
  const { labels = {}, namespace = "" } = object.metadata;
  const name = labels[REVISION];
  if (name === undefined) return;
  if (labels[SERVICE_TYPE] === "Private") {
    const pods = type === "DELETED" ? undefined : backendsOf(object.subsets, isServingPort);
    revisions.setPods(namespace, name, pods);
  } else if (ownIp !== undefined && type !== "DELETED") {
    const { ready } = backendsOf(object.subsets, isServingPort);
    const position = positionAmong(
      ready.map(({ ip }) => ip),
      ownIp,
    );
    if (position !== undefined) revisions.setPosition(namespace, name, position);
  }
}

/** spec T-028. */
function isServingPort(name: string): boolean {
  return name === "http" || name === "http2";
}

/** Defaults as where a Revision leaves a field out (spec A-041…). */
const DEFAULT_TIMEOUT_SECONDS = 300;

function revisionView(revision: Revision): RevisionView {
  const { spec, status, metadata } = revision;
  const failure = failureOf(status?.conditions ?? []);
  const { [SERVICE]: service, [CONFIGURATION]: configuration } = metadata.labels ?? {};
  const seconds = (value: number | undefined) => (value ?? 0) * 1000;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    ...(service && { service }),
    ...(configuration && { configuration }),
    containerConcurrency: spec.containerConcurrency ?? 0,
    limits: {
      totalMs: seconds(spec.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS),
      responseStartMs: seconds(spec.responseStartTimeoutSeconds),
      idleMs: seconds(spec.idleTimeoutSeconds),
    },
    trustsProbes: spec.containers.every(
      ({ readinessProbe, startupProbe }) => readinessProbe?.exec === undefined && startupProbe === undefined,
    ),
    ...(failure && { failure }),
  };
}

/** Reasons that no restart of a container mends. */
const FINAL_REASONS = new Set([
  "ContainerMissing",
  "ProgressDeadlineExceeded",
  "ImagePullBackOff",
  "ErrImagePull",
  "ErrImageNeverPull",
  "InvalidImageName",
  "RevisionFailed",
]);

/** Only Ready tells: a revision at zero is Ready although it is not Active (spec A-055). */
function failureOf(
  conditions: readonly { type: string; status: string; reason?: string; message?: string }[],
): RevisionFailure | undefined {
  const ready = conditions.find(({ type }) => type === "Ready");
  if (ready?.status !== "False") return undefined;
  const reason = ready.reason ?? "Failed";
  return { reason, message: ready.message ?? "", final: FINAL_REASONS.has(reason) };
}
