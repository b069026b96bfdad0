import { type CoreService, CoreServiceKind } from "../../../api/core-service/kind.ts";
import { DeploymentKind } from "../../../api/deployment/kind.ts";
import { type EndpointSubset, type Endpoints, EndpointsKind } from "../../../api/endpoints/kind.ts";
import { REVISION, SERVERLESS_SERVICE } from "../../../api/labels.ts";
import { ACTIVATOR_SERVICE, privateServiceName, SYSTEM_NAMESPACE } from "../../../api/names.ts";
import { type ApiObject, keyOf, type ObjectKey, type Stored } from "../../../api/object.ts";
import { type ServerlessService, ServerlessServiceKind } from "../../../api/serverless-service/kind.ts";
import { Conditions, livingSet } from "../../../kube/conditions.ts";
import { type Controller, child, type Desired, watch } from "../../../kube/controller.ts";
import type { Caches } from "../../../kube/informers.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { byLabel } from "../../../kube/parents.ts";
import { privateService, publicEndpoints, publicService } from "./children.ts";
import { chooseSubset } from "./choose-subset.ts";
import { publicSubsets, readyAddresses } from "./public-endpoints.ts";

/** Puts pods or activators behind a revision's public Service (spec §5.5). */

interface Observed {
  /** Of the pods, from the Deployment; undefined = there is none yet. */
  readonly selector: Readonly<Record<string, string>> | undefined;
  readonly own: readonly EndpointSubset[];
  readonly activators: readonly EndpointSubset[];
  /** Kind and name of a child that belongs to somebody else. */
  readonly foreign: readonly [kind: string, name: string] | undefined;
}

const bySks = byLabel(SERVERLESS_SERVICE);

export interface ServerlessServicePorts {
  /** Where the Endpoints of the activators are. */
  readonly activators: ObjectKey;
}

const ACTIVATORS: ObjectKey = { namespace: SYSTEM_NAMESPACE, name: ACTIVATOR_SERVICE };

export function serverlessServiceController(
  ports: ServerlessServicePorts = { activators: ACTIVATORS },
): Controller<ServerlessService, Observed, unknown> {
  const isActivators = ({ namespace, name }: ObjectKey) =>
    namespace === ports.activators.namespace && name === ports.activators.name;
  return {
    name: "serverlessservice-controller",
    kind: ServerlessServiceKind,
    watches: [
      watch({ kind: CoreServiceKind, parents: bySks }),
      watch({
        kind: EndpointsKind,
        parents: (endpoints, caches) =>
          isActivators(keyOf(endpoints)) ? caches.keys(ServerlessServiceKind) : bySks(endpoints),
      }),
      watch({
        kind: DeploymentKind,
        parents: byLabel(REVISION),
        fields: ["spec.selector"],
      }),
    ],
    observe: (parent, caches) => observe(parent, caches, ports.activators),
    desired: (parent, observed) => desired(parent, observed),
  };
}

function observe(parent: Stored<ServerlessService>, caches: Caches, activators: ObjectKey): Observed {
  const { namespace, name } = keyOf(parent);
  const subsetsOf = (key: ObjectKey) => caches.get(EndpointsKind, key)?.subsets ?? [];
  const deployment = caches.get(DeploymentKind, { namespace, name: parent.spec.objectRef.name ?? "" });
  return {
    selector: deployment?.spec.selector?.matchLabels,
    own: subsetsOf({ namespace, name: privateServiceName(name) }),
    activators: subsetsOf(activators),
    foreign: foreignChild(parent, caches),
  };
}

export function desired(parent: Stored<ServerlessService>, observed: Observed): Desired<ServerlessService> {
  const { name } = keyOf(parent);
  const conditions = new Conditions(CONDITIONS, parent.status?.conditions);
  if (observed.foreign) {
    const [kind, foreignName] = observed.foreign;
    const message = `Resource ${foreignName} of type ${kind} is not owned by SKS`;
    conditions.markFalse("EndpointsPopulated", { reason: "NotOwned", message });
    return { children: [], status: { ...parent.status, conditions: conditions.list() } };
  }
  if (observed.selector === undefined) {
    conditions.markUnknown("EndpointsPopulated", NOT_READY);
    return { children: [], status: { ...parent.status, conditions: conditions.list() } };
  }
  markEndpoints(conditions, readyAddresses(observed.own), parent.spec.mode);
  const subsets = publicSubsets({
    ...observed,
    mode: parent.spec.mode,
    protocol: parent.spec.protocolType,
    numActivators: parent.spec.numActivators ?? 0,
    choose: (addresses, count) => chooseSubset(addresses, count, name),
  });
  return {
    children: [
      child<CoreService>({
        kind: CoreServiceKind,
        object: privateService(parent, observed.selector),
        revise: withOwnFields,
      }),
      child<CoreService>({ kind: CoreServiceKind, object: publicService(parent), revise: withOwnFields }),
      child<Endpoints>({
        kind: EndpointsKind,
        object: publicEndpoints(parent, subsets),
        revise: (existing, wanted) => ({ ...existing, subsets: wanted.subsets ?? [] }),
      }),
    ],
    status: {
      conditions: conditions.list(),
      serviceName: name,
      privateServiceName: privateServiceName(name),
    },
  };
}

/** Addresses and policies of a Service are the cluster's. */
function withOwnFields(existing: Stored<CoreService>, wanted: CoreService): CoreService {
  const { selector: _, ...kept } = existing.spec;
  const { ports = [], selector } = wanted.spec;
  return { ...existing, spec: { ...kept, ports, ...(selector === undefined ? {} : { selector }) } };
}

const CONDITIONS = livingSet("EndpointsPopulated");
const NOT_READY = { reason: "NoHealthyBackends", message: "K8s Service is not ready" };

/** The time of the second one tells how long the activators have been in the path (spec A-062). */
function markEndpoints(conditions: Conditions, ready: number, mode: ServerlessService["spec"]["mode"]): void {
  if (ready > 0) conditions.markTrue("EndpointsPopulated");
  else conditions.markUnknown("EndpointsPopulated", NOT_READY);
  const why = { reason: "ActivatorEndpointsPopulated", message: "Revision is backed by Activator" };
  if (ready === 0 || mode === "Proxy") conditions.markTrue("ActivatorEndpointsPopulated", why);
  else conditions.markFalse("ActivatorEndpointsPopulated", why);
}

function foreignChild(parent: Stored<ServerlessService>, caches: Caches): Observed["foreign"] {
  const { namespace, name } = keyOf(parent);
  const belongsToOther = (object: ApiObject | undefined) =>
    object !== undefined && !isControlledBy(object, parent);
  for (const serviceName of [privateServiceName(name), name])
    if (belongsToOther(caches.get(CoreServiceKind, { namespace, name: serviceName })))
      return ["Service", serviceName];
  if (belongsToOther(caches.get(EndpointsKind, { namespace, name }))) return ["Endpoints", name];
  return undefined;
}
