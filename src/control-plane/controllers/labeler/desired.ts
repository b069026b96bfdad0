import { type Configuration, ConfigurationKind } from "../../../api/configuration/kind.ts";
import type { Kind } from "../../../api/kind.ts";
import { ROUTES, ROUTING_STATE, ROUTING_STATE_MODIFIED } from "../../../api/labels.ts";
import { type ApiObject, keyOf, type Stored } from "../../../api/object.ts";
import { type Revision, RevisionKind } from "../../../api/revision/kind.ts";
import type { Route } from "../../../api/route/kind.ts";
import { isFailed, isReady } from "../../../kube/conditions.ts";
import type { Desired, MetadataPatch } from "../../../kube/controller.ts";
import { timeText } from "../../../kube/time.ts";

/** Notes on Revisions and Configurations which Routes use them (spec C-061, C-062, A-067). */

export interface LabelerObserved {
  /** What the Route's traffic refers to. */
  readonly used: readonly (Stored<Revision> | Stored<Configuration>)[];
  /** What says that the Route uses it. */
  readonly noted: readonly (Stored<Revision> | Stored<Configuration>)[];
}

export function desiredLabels(
  route: Stored<Route>,
  observed: LabelerObserved,
  context: { readonly nowMs: number },
): Desired<Route> {
  const patches = observed.used.flatMap((object) => noting(object, route.metadata.name, context.nowMs));
  // Before the Route has settled, requests may still go where they went before.
  if (isReady(route) || isFailed(route)) patches.push(...clearing(route, observed, context.nowMs));
  return { children: [], patches };
}

/** The Route goes: nothing is used by it any more. */
export function clearedLabels(
  route: Stored<Route>,
  observed: LabelerObserved,
  context: { readonly nowMs: number },
): Pick<Desired<Route>, "patches"> {
  return { patches: clearing(route, { used: [], noted: observed.noted }, context.nowMs) };
}

function clearing(route: Stored<Route>, { used, noted }: LabelerObserved, nowMs: number): MetadataPatch[] {
  const usedUids = new Set(used.map(({ metadata }) => metadata.uid));
  return noted
    .filter((object) => !usedUids.has(object.metadata.uid) && !isSibling(object, route))
    .flatMap((object) => {
      const routes = routesOf(object).filter((name) => name !== route.metadata.name);
      return [patchOf(object, routes, nowMs)];
    });
}

/**
 * A Service notes its own Route on its Configuration whether or not traffic goes there now; taking that away would be
 * undone at once (spec C-009).
 */
function isSibling(object: ApiObject, route: Route): boolean {
  if (kindOf(object) !== ConfigurationKind) return false;
  const owner = (from: ApiObject) => from.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
  return owner(object) !== undefined && owner(object) === owner(route);
}

function noting(object: ApiObject, routeName: string, nowMs: number): MetadataPatch[] {
  const routes = routesOf(object);
  const state = object.metadata.labels?.[ROUTING_STATE];
  const isActive = kindOf(object) === ConfigurationKind || state === "active";
  if (routes.includes(routeName) && isActive) return [];
  return [patchOf(object, [...new Set([...routes, routeName])].sort(), nowMs)];
}

/** Configurations have no routing state. */
function patchOf(object: ApiObject, routes: readonly string[], nowMs: number): MetadataPatch {
  const kind = kindOf(object);
  const annotations: Record<string, string | null> = {
    [ROUTES]: routes.length > 0 ? routes.join(",") : null,
  };
  if (kind === ConfigurationKind) return { kind, key: keyOf(object), body: { metadata: { annotations } } };
  annotations[ROUTING_STATE_MODIFIED] = timeText(nowMs);
  const labels = { [ROUTING_STATE]: routes.length > 0 ? "active" : "reserve" };
  return { kind, key: keyOf(object), body: { metadata: { annotations, labels } } };
}

export function routesOf({ metadata }: ApiObject): string[] {
  return (metadata.annotations?.[ROUTES] ?? "").split(",").filter((name) => name !== "");
}

function kindOf(object: ApiObject): Kind {
  return "template" in (object as Revision | Configuration).spec ? ConfigurationKind : RevisionKind;
}
