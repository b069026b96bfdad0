import { type Config, parseConfig } from "../../src/api/config/config.ts";
import { type ConfigData, ConfigError } from "../../src/api/config/reader.ts";
import type { Configuration } from "../../src/api/configuration/kind.ts";
import { CLUSTER_LOCAL, SERVICE, VISIBILITY } from "../../src/api/labels.ts";
import { childName } from "../../src/api/names.ts";
import type { Condition, Stored } from "../../src/api/object.ts";
import type { Revision } from "../../src/api/revision/kind.ts";
import type { Route } from "../../src/api/route/kind.ts";
import type { TrafficTarget } from "../../src/api/traffic-target.ts";
import { originsOf } from "../../src/control-plane/controllers/route/origins.ts";
import { type RevisionTarget, resolveTraffic } from "../../src/control-plane/controllers/route/traffic.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { domainExceptions } from "./route-numbers.exceptions.ts";

/** Names, hosts and traffic of Routes. The file's other kinds are judged beside the code that they are about. */
const file = "autoscaler/route-numbers.jsonl";

interface NameCase extends GoldenCase {
  readonly kind: string;
  readonly parent: string;
  readonly suffix: string;
  readonly want: { readonly name: string };
}

judgeGolden<NameCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "childName",
  judge({ parent, suffix, want }) {
    const got = childName(parent, suffix);
    return got === want.name ? undefined : `${got}, recorded ${want.name}`;
  },
});

interface DomainCase extends GoldenCase {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly tag: string;
  readonly clusterLocal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly configDomain: ConfigData;
  readonly domainTemplate: string;
  readonly tagTemplate: string;
  readonly want: { readonly domain?: string; readonly hostname?: string; readonly configError?: string };
}

judgeGolden<DomainCase>({
  file,
  exceptions: domainExceptions,
  select: ({ kind }) => kind === "domain",
  judge(recorded) {
    const { want, tag } = recorded;
    const config = configOf(recorded);
    if (typeof config === "string") return want.configError === undefined ? config : undefined;
    if (want.configError !== undefined) return `accepted, recorded ${want.configError}`;
    const origin = originsOf({
      route: routeWith(recorded),
      tags: [tag],
      config,
      localServices: new Set(),
    }).find((one) => one.tag === tag);
    if (origin?.hostName !== want.hostname) return `${origin?.hostName}, recorded ${want.hostname}`;
    return origin?.domain === want.domain ? undefined : `${origin?.domain}, recorded ${want.domain}`;
  },
});

function configOf({ configDomain, domainTemplate, tagTemplate }: DomainCase): Config | string {
  try {
    return parseConfig({
      "config-domain": configDomain,
      "config-network": { "domain-template": domainTemplate, "tag-template": tagTemplate },
    });
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message;
    throw thrown;
  }
}

function routeWith({ name, namespace, labels, annotations, clusterLocal }: DomainCase): Stored<Route> {
  const visibility = clusterLocal ? { [VISIBILITY]: CLUSTER_LOCAL } : {};
  return stored({ name, namespace, labels: { ...labels, ...visibility }, annotations }, { spec: {} });
}

interface TrafficCase extends GoldenCase {
  readonly kind: string;
  readonly route: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly traffic: readonly TrafficTarget[];
  };
  readonly configurations: readonly {
    readonly name: string;
    readonly ready: string;
    readonly latestReadyRevisionName: string;
  }[];
  readonly revisions: readonly {
    readonly name: string;
    readonly ready: string;
    readonly portName: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
  readonly want: {
    readonly allTrafficAssigned?: {
      readonly reason: string;
      readonly message: string;
      readonly status: string;
    };
    readonly targets: Readonly<Record<string, readonly RevisionTarget[]>>;
    readonly statusTraffic?: readonly (TrafficTarget & { readonly url?: string })[];
  };
}

judgeGolden<TrafficCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "traffic",
  judge(recorded) {
    const { want } = recorded;
    const got = resolveTraffic(routeOf(recorded), referencesOf(recorded));
    if ("reason" in got) {
      const { reason, message, final } = got;
      return differs({ reason, message, status: final ? "False" : "Unknown" }, want.allTrafficAssigned);
    }
    if (want.allTrafficAssigned) return `resolved, recorded ${want.allTrafficAssigned.message}`;
    const listed = got.listed.map(({ revisionName, latestRevision, percent, tag }) => ({
      ...(tag === "" ? {} : { tag }),
      revisionName,
      latestRevision,
      ...(latestRevision ? {} : { percent }),
    }));
    // Of what follows a Configuration the whole controller shows the Route's own percentage (reconcile/split-tags).
    const shown = want.statusTraffic?.map(({ url: _, percent = 0, ...target }) =>
      target.latestRevision ? target : { ...target, percent },
    );
    const dealt = [...got.byName].map(([name, targets]) => [name, targets.map(withConfiguration)]);
    return differs(listed, shown) ?? differs(Object.fromEntries(dealt), want.targets);
  },
});

/** The recording writes an absent name as "". */
function withConfiguration(target: RevisionTarget): RevisionTarget {
  return { ...target, configurationName: target.configurationName ?? "" };
}

function routeOf({ route }: TrafficCase): Stored<Route> {
  const { name, namespace, labels, traffic } = route;
  const owner = labels[SERVICE];
  const ownerReferences =
    owner === undefined
      ? []
      : [{ apiVersion: "serving.knative.dev/v1", kind: "Service", name: owner, uid: "1", controller: true }];
  return stored({ name, namespace, labels, ownerReferences }, { spec: { traffic } });
}

function referencesOf({ configurations, revisions }: TrafficCase) {
  return {
    configuration(name: string): Stored<Configuration> | undefined {
      const known = configurations.find((one) => one.name === name);
      if (!known) return undefined;
      const { latestReadyRevisionName } = known;
      return stored({ name }, { status: { ...readyAs(known.ready), latestReadyRevisionName } });
    },
    revision(name: string): Stored<Revision> | undefined {
      const known = revisions.find((one) => one.name === name);
      if (!known) return undefined;
      const ports = [{ containerPort: 8080, ...(known.portName === "" ? {} : { name: known.portName }) }];
      return stored(
        { name, labels: known.labels },
        { spec: { containers: [{ ports }] }, status: readyAs(known.ready) },
      );
    },
  };
}

function readyAs(ready: string): { observedGeneration: number; conditions: Condition[] } {
  const conditions = ready === "none" ? [] : [{ type: "Ready", status: ready as Condition["status"] }];
  return { observedGeneration: 1, conditions };
}

function stored<T>(metadata: object, rest: object): Stored<T & { metadata: Stored<Route>["metadata"] }> {
  const meta = { uid: "u", resourceVersion: "1", creationTimestamp: "2030-01-01T00:00:00Z", generation: 1 };
  return { metadata: { ...meta, ...metadata }, ...rest } as never;
}

/** Both in one order of fields. */
function differs(got: unknown, want: unknown): string | undefined {
  const [left, right] = [canonical(got), canonical(want)];
  return left === right ? undefined : `${left}, recorded ${right}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
