import { type Configuration, ConfigurationKind } from "../../../api/configuration/kind.ts";
import { CONFIGURATION_GENERATION } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import { NOT_READY_YET } from "../../../api/reasons.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import { type Route, RouteKind } from "../../../api/route/kind.ts";
import type { Service, ServiceStatus } from "../../../api/service/kind.ts";
import { Conditions, isObserved, livingSet, readyOf } from "../../../kube/conditions.ts";
import { child, type Desired } from "../../../kube/controller.ts";
import { isControlledBy } from "../../../kube/owned-children.ts";
import { semanticallyEqual } from "../../../kube/semantic.ts";
import { configurationOf, routeOf } from "./children.ts";

/** A Service becomes a Configuration and a Route, and tells how they fare (spec C-008…C-013, A-046, A-047). */

export interface ServiceObserved {
  readonly configuration?: Stored<Configuration> | undefined;
  readonly route?: Stored<Route> | undefined;
  /** The Revision that has the name given in the template. */
  readonly namedRevision?: Stored<Revision> | undefined;
}

const set = livingSet("ConfigurationsReady", "RoutesReady");

export function desiredService(service: Stored<Service>, observed: ServiceObserved): Desired<Service> {
  const { configuration, route } = observed;
  const conditions = new Conditions(set, service.status?.conditions);
  const status: ServiceStatus = { ...service.status };
  const configurationChild = child({
    kind: ConfigurationKind,
    object: configurationOf(service, configuration),
  });
  const result = (children: Desired<Service>["children"]): Desired<Service> => ({
    children,
    status: { ...status, conditions: conditions.list() },
  });
  if (configuration && !isControlledBy(configuration, service)) {
    conditions.markFalse("ConfigurationsReady", notOwned("Configuration", service.metadata.name));
    return result([]);
  }
  if (!configuration) return result([configurationChild]);
  if (!isObserved(configuration)) {
    conditions.markUnknown("ConfigurationsReady", outOfDate("Configuration"));
    if (service.spec.template.metadata?.name) return result([configurationChild]);
  } else {
    copyField(configuration.status, status, "latestCreatedRevisionName");
    copyField(configuration.status, status, "latestReadyRevisionName");
    conditions.mirror("ConfigurationsReady", readyOf(configuration));
  }
  if (isNameTaken(configuration, observed.namedRevision)) {
    conditions.markFalse("RoutesReady", {
      reason: "RevisionNameTaken",
      message:
        `The revision name "${configuration.spec.template.metadata?.name}" is taken by a conflicting Revision, ` +
        "so traffic will not be migrated",
    });
    return result([configurationChild]);
  }
  if (route && !isControlledBy(route, service)) {
    conditions.markFalse("RoutesReady", notOwned("Route", service.metadata.name));
    return result([configurationChild]);
  }
  if (route) tellRoute(route, configuration, { status, conditions });
  return result([configurationChild, child({ kind: RouteKind, object: routeOf(service) })]);
}

function tellRoute(
  route: Stored<Route>,
  configuration: Stored<Configuration>,
  telling: { status: ServiceStatus; conditions: Conditions },
): void {
  const { status, conditions } = telling;
  if (!isObserved(route)) {
    conditions.markUnknown("RoutesReady", outOfDate("Route"));
    return;
  }
  copyField(route.status, status, "url");
  copyField(route.status, status, "address");
  copyField(route.status, status, "traffic");
  conditions.mirror("RoutesReady", readyOf(route));
  const isConsequence = conditions.get("RoutesReady")?.reason === "RevisionMissing";
  // Knative's Ready tells the Route's words, which say only that there is no Revision; ebb's tells why there is none.
  const cause = conditions.get("ConfigurationsReady");
  if (isConsequence && (cause?.status === "False" || cause?.reason === NOT_READY_YET))
    conditions.mirror("ConfigurationsReady", readyOf(configuration));
  if (conditions.is("RoutesReady", "True") && !isMigrated(route, configuration))
    conditions.markUnknown("RoutesReady", {
      reason: "TrafficNotMigrated",
      message: "Traffic is not yet migrated to the latest revision.",
    });
}

/** The Route carries out what it was told, with the newest ready Revision (spec C-012). */
function isMigrated(route: Route, configuration: Configuration): boolean {
  const wanted = (route.spec.traffic ?? []).map(({ tag, percent, revisionName, configurationName }) => ({
    tag,
    percent: percent ?? 0,
    revisionName:
      configurationName === configuration.metadata.name
        ? configuration.status?.latestReadyRevisionName
        : revisionName,
  }));
  const got = (route.status?.traffic ?? []).map(({ tag, percent, revisionName }) => ({
    tag,
    percent: percent ?? 0,
    revisionName,
  }));
  return semanticallyEqual(wanted, got);
}

/** A template with a name asks for that very Revision; another's, or one with another spec, is in the way (C-011). */
function isNameTaken(configuration: Configuration, revision: Stored<Revision> | undefined): boolean {
  if (!revision) return false;
  if (!isControlledBy(revision, configuration)) return true;
  const generation = String(configuration.metadata.generation);
  if (revision.metadata.labels?.[CONFIGURATION_GENERATION] === generation) return false;
  return !semanticallyEqual(configuration.spec.template.spec, revision.spec);
}

function copyField<K extends keyof ServiceStatus>(
  from: Pick<ServiceStatus, K> | undefined,
  to: ServiceStatus,
  field: K,
): void {
  const value = from?.[field];
  if (value === undefined) delete to[field];
  else to[field] = value;
}

function notOwned(kind: string, name: string) {
  return { reason: "NotOwned", message: `There is an existing ${kind} "${name}" that we do not own.` };
}

function outOfDate(kind: string) {
  const message = `The ${kind} is still working to reflect the latest desired specification.`;
  return { reason: "OutOfDate", message };
}
