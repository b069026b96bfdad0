import type { DeciderSpec, Decision } from "../../src/api/wire/decider.ts";
import { type DeciderState, decide, initialState } from "../../src/control-plane/autoscaler/decide.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { exceptions } from "./autoscaler-decide.exceptions.ts";

interface Step {
  readonly atMs: number;
  readonly readyPods?: number;
  readonly podCountError?: "notFound" | "other";
  readonly stable?: number;
  readonly panic?: number;
  readonly noData?: boolean;
  readonly metricError?: boolean;
  readonly spec?: DeciderSpec;
}

interface DecideCase extends GoldenCase {
  readonly spec: DeciderSpec;
  readonly config: { createdAtMs: number; createdReadyPods?: number; epochMs: number };
  readonly steps: readonly Step[];
  readonly want: readonly (Decision & { scaleValid?: boolean; panicking?: boolean })[];
}

judgeGolden<DecideCase>({
  file: "autoscaler/autoscaler-decide.jsonl",
  exceptions,
  judge({ spec, config, steps, want }) {
    let current = spec;
    let state = initialState(spec, config.createdReadyPods ?? 0, config.epochMs + config.createdAtMs);
    for (const [index, step] of steps.entries()) {
      current = step.spec ?? current;
      const taken = take(step, { state, spec: current, epochMs: config.epochMs });
      state = taken.state;
      const got = { ...taken.answer, panicking: state.panicAtMs !== undefined };
      const wanted = { scaleValid: false, panicking: false, ...want[index] };
      for (const key of ["desiredPodCount", "excessBurstCapacity", "scaleValid", "panicking"] as const)
        if (got[key] !== wanted[key])
          return `step ${index}: ${JSON.stringify(got)}, recorded ${JSON.stringify(wanted)}`;
    }
    return undefined;
  },
});

function take(step: Step, before: { state: DeciderState; spec: DeciderSpec; epochMs: number }) {
  const { state, spec, epochMs } = before;
  const invalid = { desiredPodCount: 0, excessBurstCapacity: 0, scaleValid: false };
  if (step.noData || step.metricError || step.podCountError === "other") return { state, answer: invalid };
  const readyPods = step.podCountError === "notFound" ? 0 : (step.readyPods ?? 0);
  const observation = { readyPods, stable: step.stable ?? 0, panic: step.panic ?? 0 };
  const next = decide({ state, spec, observation, nowMs: epochMs + step.atMs });
  return { state: next.state, answer: { ...next.decision, scaleValid: true } };
}
