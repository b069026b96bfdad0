import { type AutoscalerConfig, parseAutoscalerConfig } from "../../src/api/config/autoscaler.ts";
import type { DeciderSpec, Decision } from "../../src/api/wire/decider.ts";
import { firstDecision, mustNotify } from "../../src/control-plane/autoscaler/decide.ts";
import { activeVerdict } from "../../src/control-plane/controllers/pod-autoscaler/active-condition.ts";
import {
  type Activity,
  planScale,
  type ScalePlan,
} from "../../src/control-plane/controllers/pod-autoscaler/scale-plan.ts";
import {
  activatorCount,
  activeThreshold,
  clampScale,
  deciderSpec,
  initialScale,
  metricTarget,
  panicWindowMs,
  podRetentionMs,
  type ScaleSource,
  scaleBounds,
  scalingMetric,
  scrapeTarget,
  stableWindowMs,
  targetBurstCapacity,
} from "../../src/control-plane/controllers/pod-autoscaler/scale-spec.ts";
import { sksPlan } from "../../src/control-plane/controllers/pod-autoscaler/sks-plan.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { exceptions } from "./autoscaler-kpa.exceptions.ts";

type Values = Record<string, unknown>;
type KpaCase = GoldenCase & { readonly kind: string; readonly want: Values } & Values;

const NS = 1e6;

judgeGolden<KpaCase>({
  file: "autoscaler/kpa-numbers.jsonl",
  exceptions,
  select: ({ kind }) => judges[kind] !== undefined,
  judge: (recorded) => different(judges[recorded.kind]?.(recorded), recorded.want),
});

const judges: Record<string, (recorded: KpaCase) => unknown> = {
  firstStatus(recorded) {
    const { initialScale, totalValue, targetBurstCapacity } = recorded as unknown as DeciderSpec;
    const first = firstDecision({ initialScale, totalValue, targetBurstCapacity } as DeciderSpec);
    return { desiredScale: first.desiredPodCount, excessBurstCapacity: first.excessBurstCapacity };
  },
  notify(recorded) {
    const status = recorded.status as { desiredScale: number; excessBurstCapacity: number };
    const decision = recorded.decision as Decision;
    const before = { ...status, desiredPodCount: status.desiredScale };
    return {
      desiredScale: decision.desiredPodCount,
      excessBurstCapacity: decision.excessBurstCapacity,
      notify: mustNotify(before, decision),
    };
  },
  target(recorded) {
    const source = sourceOf(recorded);
    return { metric: scalingMetric(source), ...metricTarget(source, configOf(recorded)) };
  },
  windows(recorded) {
    const [source, config] = [sourceOf(recorded), configOf(recorded)];
    return {
      aggregation: recorded.want.aggregation,
      stableWindowNs: stableWindowMs(source, config) * NS,
      panicWindowNs: panicWindowMs(source, config) * NS,
    };
  },
  bounds(recorded) {
    const [source, config] = [sourceOf(recorded), configOf(recorded)];
    return {
      ...scaleBounds(source, config),
      activeThresholdAfter: activeThreshold(source, config, true),
      activeThresholdBefore: activeThreshold(source, config, false),
      initialScale: initialScale(source, config),
      retentionNs: podRetentionMs(source, config) * NS,
      scrapeTarget: scrapeTarget(source, config, "rev-private"),
      targetBurstCapacity: targetBurstCapacity(source, config),
    };
  },
  decider(recorded) {
    const { stableWindowMs, scaleDownDelayMs, ...spec } = deciderSpec(sourceOf(recorded), configOf(recorded));
    return {
      spec: { ...spec, stableWindowNs: stableWindowMs * NS, scaleDownDelayNs: scaleDownDelayMs * NS },
    };
  },
  numActivators(recorded) {
    return activatorCount(recorded as unknown as DeciderSpec, recorded.readyPods as number);
  },
  applyBounds(recorded) {
    return clampScale(recorded as unknown as { min: number; max: number }, recorded.scale as number);
  },
  activeCondition(recorded) {
    const [source, config] = [sourceOf(recorded), configOf(recorded)];
    const pods = recorded.pods as { ready: number; want: number };
    return statusOf({
      before: recorded.activeBefore as Activity,
      initializedBefore: recorded.scaleTargetInitializedBefore as boolean,
      desiredBefore: (recorded.desiredScaleBefore as number | null) ?? -1,
      serviceName: recorded.serviceName as string,
      ...pods,
      source,
      config,
    });
  },
  reconcile: (recorded) => reconcile(recorded),
  configMap(recorded) {
    try {
      return { config: inNanoseconds(parseAutoscalerConfig(recorded.data as Record<string, string>)) };
    } catch (thrown) {
      return { error: (thrown as Error).message };
    }
  },
};

/** Names and units as recorded. */
function inNanoseconds(config: AutoscalerConfig): Values {
  const entries = Object.entries(config).map(([name, value]) =>
    name.endsWith("Ms") ? [`${name.slice(0, -2)}Ns`, (value as number) * NS] : [name, value],
  );
  return Object.fromEntries(entries) as Values;
}

function statusOf(facts: {
  readonly before: Activity;
  readonly initializedBefore: boolean;
  readonly desiredBefore: number;
  readonly serviceName: string;
  readonly want: number;
  readonly ready: number;
  readonly source: ScaleSource;
  readonly config: AutoscalerConfig;
}) {
  const threshold = activeThreshold(facts.source, facts.config, facts.initializedBefore);
  const verdict = activeVerdict({ ...facts, threshold });
  return {
    active: { active: "True", activating: "Unknown", inactive: "False" }[verdict.activity],
    reason: verdict.reason,
    message: verdict.message,
    scaleTargetInitialized: facts.initializedBefore || (facts.ready >= threshold && facts.serviceName !== ""),
    actualScale: facts.ready,
    desiredScale: facts.want === -1 ? facts.desiredBefore : facts.want,
  };
}

interface ReconcileInput {
  readonly activatorProbe: "confirmed" | "notConfirmed" | "failed";
  readonly active: Activity;
  readonly activeSinceNs: number;
  readonly currentReplicas: number | null;
  readonly deciderDesiredScale: number;
  readonly excessBurstCapacity: number;
  readonly pods: { ready: number };
  readonly progressDeadlineNs: string;
  readonly scaleTargetInitialized: boolean;
  readonly sks: null | {
    mode: string;
    inProxyForNs: number;
    numActivators: number;
    privateServiceName: string;
    ready: boolean;
  };
}

function reconcile(recorded: KpaCase) {
  const input = recorded.in as ReconcileInput & Values;
  const [source, config] = [sourceOf(input), configOf(input)];
  const { sks } = input;
  const common = { before: input.active, initializedBefore: input.scaleTargetInitialized, source, config };
  if (!sks || sks.privateServiceName === "") {
    const { message: _, ...status } = statusOf({
      ...common,
      desiredBefore: -1,
      serviceName: "",
      want: -1,
      ready: 0,
    });
    return {
      ...status,
      appliedReplicas: null,
      asyncProbes: 0,
      syncProbes: 0,
      reenqueueAfterNs: [],
      numActivators: 2,
      sksMode: "Proxy",
      sksReady: "Unknown",
      sksReadyReason: "NotReady",
    };
  }
  const facts = {
    source,
    config,
    progressDeadlineMs: Number(input.progressDeadlineNs) / NS,
    activity: input.active,
    activityForMs: Number(input.activeSinceNs) / NS,
    scaleTargetInitialized: input.scaleTargetInitialized,
    desiredScale: input.deciderDesiredScale,
    proxyMode: sks.mode === "Proxy",
    inProxyForMs: sks.inProxyForNs / NS,
  };
  let plan: ScalePlan = planScale({ ...facts, activatorConfirmed: undefined });
  const syncProbes = plan.activatorProbe === "probe" ? 1 : 0;
  if (syncProbes === 1)
    plan = planScale({ ...facts, activatorConfirmed: input.activatorProbe === "confirmed" });
  const spec = deciderSpec(source, config);
  const path = sksPlan({
    spec,
    want: plan.want,
    excessBurstCapacity: input.excessBurstCapacity,
    readyPods: input.pods.ready,
  });
  const { message: _, ...status } = statusOf({
    ...common,
    desiredBefore: -1,
    serviceName: "rev",
    want: plan.want,
    ready: input.pods.ready,
  });
  const current = input.currentReplicas ?? 1;
  return {
    ...status,
    appliedReplicas: plan.apply && plan.want !== current ? plan.want : null,
    asyncProbes: plan.activatorProbe === "watch" ? 1 : 0,
    syncProbes,
    reenqueueAfterNs: plan.reconcileAfterMs === undefined ? [] : [plan.reconcileAfterMs * NS],
    numActivators: path.numActivators,
    sksMode: path.mode,
    sksReady: sks.ready ? "True" : "Unknown",
    sksReadyReason: sks.ready ? "" : "NotReady",
  };
}

function sourceOf(recorded: Values): ScaleSource {
  return {
    annotations: (recorded.annotations ?? {}) as Record<string, string>,
    containerConcurrency: (recorded.containerConcurrency as number | undefined) ?? 0,
    reachability: (recorded.reachability as string | undefined) ?? "",
  };
}

function configOf(recorded: Values): AutoscalerConfig {
  return parseAutoscalerConfig((recorded.configMap ?? {}) as Record<string, string>);
}

function different(got: unknown, wanted: unknown): string | undefined {
  const [left, right] = [canonical(got), canonical(wanted)];
  return left === right ? undefined : `${left}, recorded ${right}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === "number")
      return Number.isFinite(inner) ? Number(inner.toPrecision(12)) : String(inner);
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
