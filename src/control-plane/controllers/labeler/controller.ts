import { type Configuration, ConfigurationKind } from "../../../api/configuration/kind.ts";
import { CONFIGURATION, CONFIGURATION_GENERATION } from "../../../api/labels.ts";
import { type ApiObject, keyOf, type ObjectKey, type Stored } from "../../../api/object.ts";
import { type Revision, RevisionKind } from "../../../api/revision/kind.ts";
import { type Route, RouteKind } from "../../../api/route/kind.ts";
import { type Controller, watch } from "../../../kube/controller.ts";
import type { IndexBy } from "../../../kube/informer.ts";
import type { Caches } from "../../../kube/informers.ts";
import { clearedLabels, desiredLabels, type LabelerObserved, routesOf } from "./desired.ts";

export function labelerController(): Controller<Route, LabelerObserved, unknown> {
  return {
    name: "labeler-controller",
    kind: RouteKind,
    finalizer: "routes.serving.knative.dev",
    watches: [
      watch({ kind: ConfigurationKind, parents: routesUsing }),
      watch({ kind: RevisionKind, parents: routesUsing }),
    ],
    observe: (route, caches) => ({ used: usedBy(route, caches), noted: notedFor(route, caches) }),
    desired: desiredLabels,
    finalize: clearedLabels,
  };
}

/** What traffic names, now and in the status; of a followed Configuration also the newest Revision (spec C-062). */
function usedBy(route: Stored<Route>, caches: Caches): (Stored<Revision> | Stored<Configuration>)[] {
  const { namespace } = keyOf(route);
  const configurations = new Map<string, Stored<Configuration>>();
  const revisions = new Map<string, Stored<Revision>>();
  const useRevision = (name: string | undefined) => {
    const revision = name ? caches.get(RevisionKind, { namespace, name }) : undefined;
    if (!revision) return;
    revisions.set(revision.metadata.name, revision);
    useConfiguration(revision.metadata.labels?.[CONFIGURATION]);
  };
  const useConfiguration = (name: string | undefined) => {
    const configuration = name ? caches.get(ConfigurationKind, { namespace, name }) : undefined;
    if (configuration) configurations.set(configuration.metadata.name, configuration);
    return configuration;
  };
  for (const target of [...(route.spec.traffic ?? []), ...(route.status?.traffic ?? [])]) {
    useRevision(target.revisionName);
    const followed = useConfiguration(target.configurationName);
    useRevision(followed?.status?.latestReadyRevisionName);
    if (!target.latestRevision || !followed) continue;
    useRevision(followed.status?.latestCreatedRevisionName);
    for (const name of newestOf(followed, caches)) useRevision(name);
  }
  return [...configurations.values(), ...revisions.values()];
}

/**
 * A Revision is there a moment before its Configuration's status names it: put in reserve meanwhile, it could be
 * collected as garbage at birth.
 */
function newestOf({ metadata }: Stored<Configuration>, caches: Caches): string[] {
  const { namespace = "", name, generation = 0 } = metadata;
  return caches
    .labelled(RevisionKind, { namespace, label: CONFIGURATION, value: name })
    .filter((one) => Number(one.metadata.labels?.[CONFIGURATION_GENERATION]) >= generation)
    .map((one) => one.metadata.name);
}

/** By the Routes in their annotation, as `namespace/route`. */
const notedIndex: IndexBy = {
  name: "routes annotation",
  keysOf: (object) => routesOf(object).map((name) => `${object.metadata.namespace ?? ""}/${name}`),
};

function notedFor(route: Stored<Route>, caches: Caches): (Stored<Revision> | Stored<Configuration>)[] {
  const value = `${route.metadata.namespace ?? ""}/${route.metadata.name}`;
  return [
    ...caches.indexed(ConfigurationKind, notedIndex, value),
    ...caches.indexed(RevisionKind, notedIndex, value),
  ];
}

/** Routes by what their traffic names, in spec and status. */
const usingIndex: IndexBy = {
  name: "traffic in spec and status",
  keysOf(object) {
    const { metadata, spec, status } = object as Route;
    return [...(spec.traffic ?? []), ...(status?.traffic ?? [])]
      .flatMap(({ configurationName, revisionName }) => [configurationName, revisionName])
      .filter((name) => name !== undefined && name !== "")
      .map((name) => `${metadata.namespace ?? ""}/${name}`);
  },
};

function routesUsing(object: ApiObject, caches: Caches): readonly ObjectKey[] {
  const { namespace = "", name = "", labels } = object.metadata;
  const named = [name, labels?.[CONFIGURATION]]
    .filter((known) => known !== undefined)
    .flatMap((known) => caches.indexed(RouteKind, usingIndex, `${namespace}/${known}`).map(keyOf));
  return [...named, ...routesOf(object).map((route) => ({ namespace, name: route }))];
}
