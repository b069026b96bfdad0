import { type Config, parseConfig } from "../../src/api/config/config.ts";
import { type ConfigData, ConfigError } from "../../src/api/config/reader.ts";
import type { Configuration } from "../../src/api/configuration/kind.ts";
import { CLUSTER_LOCAL, SERVICE, VISIBILITY } from "../../src/api/labels.ts";
import { childName, routeCertificateName } from "../../src/api/names.ts";
import type { Condition, Stored } from "../../src/api/object.ts";
import type { Revision } from "../../src/api/revision/kind.ts";
import type { Route } from "../../src/api/route/kind.ts";
import type { TrafficTarget } from "../../src/api/traffic-target.ts";
import { originOf, RouteHostError } from "../../src/control-plane/controllers/route/origins.ts";
import {
  isDone,
  isValid,
  noSteps,
  observeReady,
  type RevisionShare,
  type Rollout,
  rolloutGoal,
  step,
} from "../../src/control-plane/controllers/route/rollout.ts";
import { type RevisionTarget, resolveTraffic } from "../../src/control-plane/controllers/route/traffic.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";

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

interface CertificateNameCase extends GoldenCase {
  readonly kind: string;
  readonly routeUID: string;
  readonly tag: string;
  readonly want: { readonly name: string };
}

judgeGolden<CertificateNameCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "certificateName",
  judge({ routeUID, tag, want }) {
    const got = routeCertificateName(routeUID, tag);
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
  readonly want: {
    readonly domain?: string;
    readonly hostname?: string;
    readonly configError?: string;
    readonly domainError?: string;
  };
}

judgeGolden<DomainCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "domain",
  judge(recorded) {
    const { want } = recorded;
    const config = configOf(recorded);
    if (typeof config === "string") return want.configError === undefined ? config : undefined;
    if (want.configError !== undefined) return `accepted, recorded ${want.configError}`;
    const origin = originOrError(recorded, config);
    if (origin instanceof Error || want.domainError !== undefined) {
      const message = origin instanceof Error ? origin.message : undefined;
      return message === want.domainError ? undefined : `${message}, recorded ${want.domainError}`;
    }
    if (origin?.hostName !== want.hostname) return `${origin?.hostName}, recorded ${want.hostname}`;
    return origin?.domain === want.domain ? undefined : `${origin?.domain}, recorded ${want.domain}`;
  },
});

function originOrError(recorded: DomainCase, config: Config) {
  const { tag } = recorded;
  try {
    return originOf(tag, { route: routeWith(recorded), tags: [tag], config, localServices: new Set() });
  } catch (thrown) {
    if (thrown instanceof RouteHostError) return thrown;
    throw thrown;
  }
}

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

type RecordedRollout = { readonly configurations?: readonly RecordedConfiguration[] };

interface RecordedConfiguration {
  readonly configurationName: string;
  readonly tag?: string;
  readonly percent: number;
  readonly revisions?: readonly RevisionShare[];
  readonly stepParams: {
    readonly starttime?: string;
    readonly nextStepTime?: string;
    readonly stepDuration?: string;
    readonly stepSize?: number;
  };
}

interface StepCase extends GoldenCase {
  readonly kind: string;
  readonly startTime: string;
  readonly readyAfterNs: number;
  readonly percent: number;
  readonly durationSeconds: number;
  readonly want: {
    readonly nextStepTime: string;
    readonly stepDurationNs: number;
    readonly stepSize: number;
  };
}

judgeGolden<StepCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "stepParams",
  judge({ startTime, readyAfterNs, percent, durationSeconds, want }) {
    const startTimeNs = BigInt(startTime);
    const started = {
      configurationName: "c",
      tag: "",
      percent,
      revisions: [],
      steps: { ...noSteps, startTimeNs },
    };
    const ready = observeReady(
      { configurations: [started] },
      startTimeNs + BigInt(readyAfterNs),
      durationSeconds,
    );
    const steps = ready.configurations[0]?.steps ?? noSteps;
    return differs(
      {
        nextStepTime: String(steps.nextStepTimeNs),
        stepDurationNs: Number(steps.stepDurationNs),
        stepSize: steps.stepSize,
      },
      { nextStepTime: want.nextStepTime, stepDurationNs: want.stepDurationNs, stepSize: want.stepSize },
    );
  },
});

interface RolloutCase extends GoldenCase {
  readonly kind: string;
  readonly durationSeconds: number;
  readonly events: readonly {
    readonly nowNs: string;
    readonly becameReady: boolean;
    readonly goal: RecordedRollout;
  }[];
  readonly want: readonly {
    readonly rollout: RecordedRollout;
    readonly done: boolean;
    readonly valid: boolean;
    readonly nextStepTime: string;
    readonly crash?: boolean;
  }[];
}

judgeGolden<RolloutCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "rollout",
  judge({ events, want, durationSeconds }) {
    let state: Rollout | undefined;
    for (const [index, { nowNs, becameReady, goal }] of events.entries()) {
      const expected = want[index];
      const now = BigInt(nowNs);
      const before = state && becameReady ? observeReady(state, now, durationSeconds) : state;
      const { rollout, nextStepTimeNs } = step(rolloutOf(goal), before, now);
      state = rollout;
      // Where the original fails the rule itself must hold.
      if (expected?.crash) return isValid(rollout) ? undefined : `event ${index + 1}: shares do not add up`;
      const got = {
        rollout,
        done: isDone(rollout),
        valid: isValid(rollout),
        nextStepTime: String(nextStepTimeNs),
      };
      const recorded = { ...expected, rollout: rolloutOf(expected?.rollout ?? {}) };
      const problem = differs(got, recorded);
      if (problem) return `event ${index + 1}: ${problem}`;
    }
    return undefined;
  },
});

interface RolloutValidCase extends GoldenCase {
  readonly kind: string;
  readonly rollout: RecordedRollout;
  readonly want: boolean;
}

judgeGolden<RolloutValidCase>({
  file,
  exceptions: {},
  select: ({ kind }) => kind === "rolloutValid",
  judge({ rollout, want }) {
    const got = isValid(rolloutOf(rollout));
    return got === want ? undefined : `${got}, recorded ${want}`;
  },
});

function rolloutOf({ configurations = [] }: RecordedRollout): Rollout {
  return {
    configurations: configurations.map(({ tag = "", revisions = [], stepParams, ...rest }) => ({
      ...rest,
      tag,
      revisions,
      steps: {
        startTimeNs: BigInt(stepParams.starttime ?? 0),
        nextStepTimeNs: BigInt(stepParams.nextStepTime ?? 0),
        stepDurationNs: BigInt(stepParams.stepDuration ?? 0),
        stepSize: stepParams.stepSize ?? 0,
      },
    })),
  };
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
    readonly rollout?: RecordedRollout;
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
    return (
      differs(listed, shown) ??
      differs(Object.fromEntries(dealt), want.targets) ??
      differs(rolloutGoal(got.byName), rolloutOf(want.rollout ?? {}))
    );
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
    typeof one === "bigint"
      ? String(one)
      : one !== null && typeof one === "object" && !Array.isArray(one)
        ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
        : one,
  );
}
