import { type ConfigurationRollout, isValid, noSteps, type Rollout } from "./rollout.ts";

/** The state of gradual rollouts as the Ingress carries it from one reconciliation to the next (spec C-058). */

interface Kept {
  readonly configurations?: readonly KeptConfiguration[];
}

interface KeptConfiguration {
  readonly configurationName: string;
  readonly tag?: string;
  readonly percent: number;
  readonly revisions?: ConfigurationRollout["revisions"];
  readonly stepParams?: KeptSteps;
}

/** Nanoseconds since 1970 are beyond what a double holds: texts here, bare numbers in the annotation. */
interface KeptSteps {
  readonly starttime?: string;
  readonly nextStepTime?: string;
  readonly stepDuration?: string;
  readonly stepSize?: number;
}

const BIG = '"(starttime|nextStepTime|stepDuration)":';

export function writeRollout({ configurations }: Rollout): string {
  const kept: Kept = configurations.length > 0 ? { configurations: configurations.map(keep) } : {};
  return JSON.stringify(kept).replaceAll(new RegExp(`${BIG}"(\\d+)"`, "g"), '"$1":$2');
}

function keep({
  configurationName,
  tag,
  percent,
  revisions,
  steps,
}: ConfigurationRollout): KeptConfiguration {
  const { startTimeNs, nextStepTimeNs, stepDurationNs, stepSize } = steps;
  return {
    configurationName,
    ...(tag === "" ? {} : { tag }),
    percent,
    revisions,
    stepParams: {
      ...(startTimeNs === 0n ? {} : { starttime: String(startTimeNs) }),
      ...(nextStepTimeNs === 0n ? {} : { nextStepTime: String(nextStepTimeNs) }),
      ...(stepDurationNs === 0n ? {} : { stepDuration: String(stepDurationNs) }),
      ...(stepSize === 0 ? {} : { stepSize }),
    },
  };
}

/** undefined when there is none, or none that adds up: then everything is given to the newest Revisions at once. */
export function readRollout(text: string | undefined): Rollout | undefined {
  if (!text) return undefined;
  try {
    const kept = JSON.parse(text.replaceAll(new RegExp(`${BIG}(\\d+)`, "g"), '"$1":"$2"')) as Kept;
    const rollout = { configurations: (kept.configurations ?? []).map(unkept) };
    return isValid(rollout) ? rollout : undefined;
  } catch {
    return undefined;
  }
}

function unkept({ configurationName, tag = "", percent, revisions, stepParams }: KeptConfiguration) {
  return {
    configurationName,
    tag,
    percent,
    revisions: revisions ?? [],
    steps: {
      ...noSteps,
      startTimeNs: BigInt(stepParams?.starttime ?? 0),
      nextStepTimeNs: BigInt(stepParams?.nextStepTime ?? 0),
      stepDurationNs: BigInt(stepParams?.stepDuration ?? 0),
      stepSize: stepParams?.stepSize ?? 0,
    },
  };
}
