import type { Config } from "../../../api/config/config.ts";
import { type CoreService, CoreServiceKind } from "../../../api/core-service/kind.ts";
import { type Endpoints, EndpointsKind } from "../../../api/endpoints/kind.ts";
import { type Ingress, IngressKind } from "../../../api/ingress/kind.ts";
import { CLUSTER_LOCAL, VISIBILITY } from "../../../api/labels.ts";
import { keyOf, type Stored } from "../../../api/object.ts";
import type { Route, RouteStatus } from "../../../api/route/kind.ts";
import type { TrafficTarget } from "../../../api/traffic-target.ts";
import { TemplateError } from "../../../base/go-template/template-error.ts";
import { Conditions, isObserved, livingSet, readyOf } from "../../../kube/conditions.ts";
import { type Child, type Context, child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { publicUrl, type UrlPorts } from "../public-url.ts";
import { type CertificatesSeen, type RouteTls, routeTls } from "./certificates.ts";
import { ingressOf } from "./ingress.ts";
import { localName, type Origin, originsOf, RouteHostError } from "./origins.ts";
import { endpointsOf, mustBeMadeAnew, placeholderOf, revisePlaceholder } from "./placeholders.ts";
import { writeRollout } from "./rollout-annotation.ts";
import { type RolloutPlan, rolloutPlan, spreadListed, spreadTargets } from "./rollout-plan.ts";
import { type References, resolveTraffic, type Traffic } from "./traffic.ts";

/** A Route becomes an Ingress and placeholder Services, and is Ready when the gateways really serve it (spec §5.6). */

export interface RouteObserved extends References, CertificatesSeen {
  readonly ingress?: Stored<Ingress> | undefined;
  /** Core Services with the names that the Route wants or has. */
  readonly services: readonly Stored<CoreService>[];
}

export interface RouteOptions {
  readonly urlPorts?: UrlPorts | undefined;
}

const set = livingSet("AllTrafficAssigned", "IngressReady", "CertificateProvisioned");
const NOT_CONFIGURED = { reason: "IngressNotConfigured", message: "Ingress has not yet been reconciled." };

export function desiredRoute(
  route: Stored<Route>,
  observed: RouteObserved,
  context: Context<Config> & RouteOptions,
): Desired<Route> {
  const status: RouteStatus = { ...route.status };
  const conditions = new Conditions(set, status.conditions);
  const finish = (rest: Omit<Desired<Route>, "status">): Desired<Route> => ({
    ...rest,
    status: { ...status, conditions: conditions.list() },
  });
  if (!isObserved(route)) conditions.markUnknown("IngressReady", NOT_CONFIGURED);
  const origins = originsOrProblem(route, observed, context.config);
  if ("message" in origins) {
    conditions.markFalse("AllTrafficAssigned", origins);
    return finish({ children: [] });
  }
  const tls = routeTls(route, { origins, seen: observed }, context);
  const url = (origin: Origin | undefined) => urlOf(origin, tls, context);
  const mainUrl = url(origins[0]);
  if (mainUrl) status.url = mainUrl;
  const traffic = resolveTraffic(route, observed);
  if ("reason" in traffic) {
    if (traffic.final) conditions.markFalse("AllTrafficAssigned", traffic);
    else conditions.markUnknown("AllTrafficAssigned", traffic);
    return finish({ children: [] });
  }
  const plan = rolloutPlan({ route, byName: traffic.byName, observed, context });
  status.traffic = spreadListed(traffic.listed, plan.rollout).map((target) => ({
    ...listedTarget(target),
    ...(target.tag === ""
      ? {}
      : { tag: target.tag, url: url(origins.find(({ tag }) => tag === target.tag)) ?? "" }),
  }));
  conditions.markTrue("AllTrafficAssigned");
  const { name, namespace = "" } = route.metadata;
  status.address = { url: `${tls.addressScheme}://${localName(name, namespace)}` };
  conditions.mark("CertificateProvisioned", tls.told);
  if (tls.told.isFatal) return finish({ children: tls.children });
  const foreign = foreignPlaceholder(route, origins, observed.services);
  if (foreign) {
    conditions.markFalse("IngressReady", { reason: "NotOwned", message: foreign });
    return finish({ children: [] });
  }
  tellIngress(conditions, observed.ingress, plan);
  const { requeueAfterMs } = plan;
  return finish({
    ...childrenOf(route, { observed, origins, traffic, plan, tls, config: context.config }),
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
  });
}

/** A template that makes no host is the administrator's to mend: told, not tried again and again. */
function originsOrProblem(route: Stored<Route>, observed: RouteObserved, config: Config) {
  const tags = (route.spec.traffic ?? []).map(({ tag = "" }) => tag);
  try {
    return originsOf({ route, tags, config, localServices: localServices(observed.services) });
  } catch (thrown) {
    if (!(thrown instanceof RouteHostError || thrown instanceof TemplateError)) throw thrown;
    return { reason: "ErrorConfig", message: thrown.message };
  }
}

function childrenOf(
  route: Stored<Route>,
  known: {
    observed: RouteObserved;
    origins: readonly Origin[];
    traffic: Traffic;
    plan: RolloutPlan;
    tls: RouteTls;
    config: Config;
  },
): Pick<Desired<Route>, "children" | "deletions"> {
  const { observed, origins, traffic, plan, tls, config } = known;
  const byName = spreadTargets(traffic.byName, plan.rollout, observed);
  const ingress = ingressOf({ route, origins, byName, rollout: writeRollout(plan.rollout), tls, config });
  const wanted = new Set(origins.map(({ hostName }) => hostName));
  const stale = observed.services.filter(
    (service) => !wanted.has(service.metadata.name) && isControlledBy(service, route),
  );
  const placeholders = origins.map((origin) => placeholderOf(route, origin, observed.ingress));
  const toReplace = observed.services.filter((service) =>
    placeholders.some((one) => one.metadata.name === service.metadata.name && mustBeMadeAnew(service, one)),
  );
  return {
    children: [
      ...tls.children,
      child({ kind: IngressKind, object: ingress }),
      // What has to be made anew is deleted first: its end wakes the Route again.
      ...placeholders
        .filter(({ metadata }) => !toReplace.some((one) => one.metadata.name === metadata.name))
        .flatMap((object) => placeholderChildren(object, observed.ingress)),
    ],
    deletions: [
      ...[...stale, ...toReplace].map((service) => ({ kind: CoreServiceKind, key: keyOf(service) })),
      ...tls.deletions,
    ],
  };
}

function placeholderChildren(object: CoreService, ingress: Stored<Ingress> | undefined): Child[] {
  const service = child({ kind: CoreServiceKind, object, revise: revisePlaceholder });
  const endpoints = endpointsOf(object, ingress);
  return endpoints
    ? [service, child({ kind: EndpointsKind, object: endpoints, revise: reviseSubsets })]
    : [service];
}

function reviseSubsets(existing: Stored<Endpoints>, { subsets = [] }: Endpoints): Stored<Endpoints> {
  return { ...existing, subsets };
}

const ROLLING_OUT = {
  reason: "RolloutInProgress",
  message: "A gradual rollout of the latest revision(s) is in progress.",
};

function tellIngress(
  conditions: Conditions,
  ingress: Stored<Ingress> | undefined,
  { inProgress }: RolloutPlan,
): void {
  const ready = ingress && isObserved(ingress) ? readyOf(ingress) : undefined;
  if (inProgress) conditions.markUnknown("IngressReady", ROLLING_OUT);
  else if (ready) conditions.mirror("IngressReady", ready);
  else conditions.markUnknown("IngressReady", NOT_CONFIGURED);
}

function listedTarget(target: Traffic["listed"][number]): TrafficTarget {
  const { latestRevision, percent, revisionName } = target;
  return { latestRevision, percent, revisionName };
}

function urlOf(
  origin: Origin | undefined,
  { schemes }: RouteTls,
  { config, urlPorts }: Context<Config> & RouteOptions,
): string | undefined {
  if (!origin) return undefined;
  const { domain, isLocal } = origin;
  if (isLocal) return `${schemes.get(domain) ?? "http"}://${domain}`;
  return publicUrl(schemes.get(domain) ?? config.network.defaultExternalScheme, domain, urlPorts);
}

function localServices(services: readonly CoreService[]): ReadonlySet<string> {
  return new Set(
    services
      .filter(({ metadata }) => metadata.labels?.[VISIBILITY] === CLUSTER_LOCAL)
      .map(({ metadata }) => metadata.name ?? ""),
  );
}

/** Spec C-007. */
function foreignPlaceholder(
  route: Stored<Route>,
  origins: readonly Origin[],
  services: readonly Stored<CoreService>[],
): string | undefined {
  const foreign = services.find(
    (service) =>
      origins.some(({ hostName }) => hostName === service.metadata.name) && !isControlledBy(service, route),
  );
  return foreign && `There is an existing placeholder Service "${foreign.metadata.name}" that we do not own.`;
}
