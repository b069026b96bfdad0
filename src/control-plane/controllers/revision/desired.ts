import type { Config } from "../../../api/config/config.ts";
import { type Deployment, DeploymentKind } from "../../../api/deployment/kind.ts";
import { ROUTING_STATE } from "../../../api/labels.ts";
import { deploymentName } from "../../../api/names.ts";
import type { Stored } from "../../../api/object.ts";
import type { Pod } from "../../../api/pod/kind.ts";
import { type PodAutoscaler, PodAutoscalerKind } from "../../../api/pod-autoscaler/kind.ts";
import type { Revision, RevisionStatus } from "../../../api/revision/kind.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import { type Child, type Context, child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { imagesOf, podAutoscalerOf, type Reachability, revisePodAutoscaler } from "./children.ts";
import { type Digests, deploymentOf, reviseDeployment } from "./deployment.ts";
import type { DigestState } from "./digests.ts";
import { type ServingCertificateSeen, servingCertificate } from "./serving-certificate.ts";
import { type RevisionSettings, revisionSettings } from "./settings.ts";
import { slowStartOf } from "./slow-start.ts";
import { tellDeployment, tellPodAutoscaler } from "./status.ts";

/** A Revision becomes a Deployment, a PodAutoscaler and Images (spec §5.4). */

export interface RevisionObserved extends ServingCertificateSeen {
  /** Absent when the status has the digests already. */
  readonly resolution?: DigestState | undefined;
  readonly deployment?: Stored<Deployment> | undefined;
  readonly podAutoscaler?: Stored<PodAutoscaler> | undefined;
  readonly pods: readonly Stored<Pod>[];
}

const set = livingSet("ResourcesAvailable", "ContainerHealthy");

export function desiredRevision(
  revision: Stored<Revision>,
  observed: RevisionObserved,
  context: Context<Config>,
): Desired<Revision> {
  const settings = revisionSettings(context.config);
  const status: RevisionStatus = { ...revision.status };
  const conditions = new Conditions(set, status.conditions);
  const wasReady = conditions.is("Ready", "True");
  const finish = (children: readonly Child[], requeueAfterMs?: number): Desired<Revision> => ({
    children,
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    status: { ...status, conditions: conditions.list() },
    events:
      !wasReady && conditions.is("Ready", "True")
        ? [{ type: "Normal", reason: "RevisionReady", message: READY_MESSAGE }]
        : [],
  });
  tellLogUrl(revision, status, settings);
  const { resolution } = observed;
  if (resolution?.phase === "failed") {
    conditions.markFalse("ContainerHealthy", {
      reason: "ContainerMissing",
      message: `Unable to fetch image "${resolution.image}": failed to resolve image to digest: ${resolution.message}`,
    });
    return finish([]);
  }
  if (resolution?.phase === "resolving") {
    conditions.markUnknown("ResourcesAvailable", { reason: "ResolvingDigests" });
    return finish([]);
  }
  if (resolution) tellDigests(revision, status, resolution.digests);
  const digests = digestsOf(status);
  const foreign = foreignChild(revision, observed);
  if (foreign) {
    conditions.markFalse("ResourcesAvailable", { reason: "NotOwned", message: foreign });
    return finish([]);
  }
  tell(observed, { conditions, status, podIsAlwaysSchedulable: settings.podIsAlwaysSchedulable });
  const serving = servingCertificate(observed, context.config);
  if (serving.problem !== undefined) {
    if (!observed.deployment)
      conditions.markUnknown("ResourcesAvailable", { reason: "Deploying", message: serving.problem });
    return finish(serving.children);
  }
  const lookAgainMs = tellSlowStart(conditions, { revision, pods: observed.pods, nowMs: context.nowMs });
  const children = childrenOf(revision, { observed, conditions, digests, settings });
  return finish([...serving.children, ...children], lookAgainMs);
}

const READY_MESSAGE = "Revision becomes ready upon all resources being ready";

function tell(observed: RevisionObserved, telling: Parameters<typeof tellDeployment>[0]): void {
  const { deployment, podAutoscaler, pods } = observed;
  if (deployment) tellDeployment(telling, deployment, { pods, podAutoscaler });
  else {
    telling.conditions.markUnknown("ResourcesAvailable", { reason: "Deploying" });
    telling.conditions.markUnknown("ContainerHealthy", { reason: "Deploying" });
  }
  if (podAutoscaler) tellPodAutoscaler(telling, podAutoscaler);
}

/** Returns when to look again, while a first pod runs without being ready. */
function tellSlowStart(
  conditions: Conditions,
  { revision, pods, nowMs }: { revision: Revision; pods: readonly Stored<Pod>[]; nowMs: number },
): number | undefined {
  const isWaiting =
    conditions.is("ResourcesAvailable", "Unknown") && !conditions.is("ContainerHealthy", "True");
  if (!isWaiting) return undefined;
  const delays = revision.spec.containers.map(
    (container) => container.readinessProbe?.initialDelaySeconds ?? 0,
  );
  const slow = slowStartOf(pods, Math.max(...delays) * 1000, nowMs);
  if (!slow) return undefined;
  if ("lookAgainMs" in slow) return slow.lookAgainMs;
  conditions.markUnknown("ResourcesAvailable", slow);
  return undefined;
}

function childrenOf(
  revision: Stored<Revision>,
  known: { observed: RevisionObserved; conditions: Conditions; digests: Digests; settings: RevisionSettings },
): Child[] {
  const { observed, conditions, digests, settings } = known;
  const reachability = reachabilityOf(revision, conditions, observed.deployment);
  return [
    child({
      kind: DeploymentKind,
      object: deploymentOf(revision, digests, settings),
      revise: reviseDeployment,
    }),
    ...imagesOf(revision, digests),
    child({
      kind: PodAutoscalerKind,
      object: podAutoscalerOf(revision, reachability),
      revise: revisePodAutoscaler,
    }),
  ];
}

/** Whether requests can arrive, for the autoscaler's min-scale; a Revision that fails to start is given up (C-028). */
function reachabilityOf(
  revision: Stored<Revision>,
  conditions: Conditions,
  deployment: Stored<Deployment> | undefined,
): Reachability {
  const failed = conditions.is("ResourcesAvailable", "False") || conditions.is("ContainerHealthy", "False");
  const wanted = deployment?.spec.replicas ?? 0;
  if (failed && wanted > 0 && (deployment?.status?.readyReplicas ?? 0) === 0) return "Unreachable";
  const state = revision.metadata.labels?.[ROUTING_STATE];
  if (state === "active") return "Reachable";
  return state === "reserve" ? "Unreachable" : "";
}

/** Spec C-007. */
function foreignChild(revision: Stored<Revision>, observed: RevisionObserved): string | undefined {
  const { deployment, podAutoscaler } = observed;
  const text = (kind: string, name: string) => `There is an existing ${kind} "${name}" that we do not own.`;
  if (deployment && !isControlledBy(deployment, revision))
    return text("Deployment", deploymentName(revision.metadata.name));
  if (podAutoscaler && !isControlledBy(podAutoscaler, revision))
    return text("PodAutoscaler", revision.metadata.name);
  return undefined;
}

function tellLogUrl(revision: Stored<Revision>, status: RevisionStatus, settings: RevisionSettings): void {
  const template = settings.revisionUrlTemplate;
  if (template === "") delete status.logUrl;
  else status.logUrl = template.replace(/\$\{REVISION_UID\}/g, revision.metadata.uid);
}

/** Every container is listed, without a digest where none was asked for. */
function tellDigests(revision: Stored<Revision>, status: RevisionStatus, digests: Digests): void {
  const listed = ({ name }: { name: string }) => {
    const imageDigest = digests[name];
    return { name, ...(imageDigest === undefined ? {} : { imageDigest }) };
  };
  status.containerStatuses = revision.spec.containers.map(listed);
  if (revision.spec.initContainers?.length)
    status.initContainerStatuses = revision.spec.initContainers.map(listed);
}

function digestsOf(status: RevisionStatus): Digests {
  return Object.fromEntries(
    [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].flatMap(
      ({ name = "", imageDigest }) => (imageDigest ? [[name, imageDigest]] : []),
    ),
  );
}
