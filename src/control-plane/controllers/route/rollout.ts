import type { Traffic } from "./traffic.ts";

/**
 * Gradual rollout (spec C-057…C-060): a new Revision of a followed Configuration starts with one percent and gains more
 * step by step. Pure: the state before and what traffic wants now become the state from now on. Times are nanoseconds.
 */

export interface Rollout {
  readonly configurations: readonly ConfigurationRollout[];
}

export interface ConfigurationRollout {
  readonly configurationName: string;
  /** "" for the main origin. */
  readonly tag: string;
  readonly percent: number;
  /** Oldest first; the last one is where all traffic shall go. Together they have `percent`. */
  readonly revisions: readonly RevisionShare[];
  readonly steps: Steps;
}

export interface RevisionShare {
  readonly revisionName: string;
  readonly percent: number;
}

/** 0 = not known yet. */
export interface Steps {
  readonly startTimeNs: bigint;
  readonly nextStepTimeNs: bigint;
  readonly stepDurationNs: bigint;
  readonly stepSize: number;
}

export const noSteps: Steps = { startTimeNs: 0n, nextStepTimeNs: 0n, stepDurationNs: 0n, stepSize: 0 };

const SECOND_NS = 1_000_000_000;

/** What traffic wants, as if each newest Revision already had everything. */
export function rolloutGoal(byName: Traffic["byName"]): Rollout {
  const configurations = [...byName].flatMap(([tag, targets]) =>
    targets
      .filter(({ latestRevision, percent }) => latestRevision && percent > 0)
      .map(({ configurationName = "", percent, revisionName }) => ({
        configurationName,
        tag,
        percent,
        revisions: [{ revisionName, percent }],
        steps: noSteps,
      })),
  );
  return { configurations: configurations.sort((a, b) => compare(a.tag, b.tag) || byConfiguration(a, b)) };
}

function byConfiguration(a: ConfigurationRollout, b: ConfigurationRollout): number {
  return compare(a.configurationName, b.configurationName);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isDone({ configurations }: Rollout): boolean {
  return configurations.every(({ revisions }) => revisions.length < 2);
}

/**
 * The gateways serve a rollout's first percent. How long that took says how fast its steps can be, so that the whole
 * takes about `durationSeconds`. Rollouts that have their steps already keep them.
 */
export function observeReady(rollout: Rollout, nowNs: bigint, durationSeconds: number): Rollout {
  const configurations = rollout.configurations.map((one) =>
    one.steps.stepSize === 0 && one.steps.startTimeNs > 0n
      ? { ...one, steps: stepsOf(one, nowNs, durationSeconds) }
      : one,
  );
  return { configurations };
}

function stepsOf({ percent, steps }: ConfigurationRollout, nowNs: bigint, durationSeconds: number): Steps {
  const readySeconds = Number(nowNs - steps.startTimeNs) / SECOND_NS;
  const shortestSeconds = Math.max(1, Math.ceil(readySeconds));
  const leftSeconds = Math.max(1, durationSeconds - shortestSeconds);
  const count = Math.min(Math.max(1, leftSeconds / shortestSeconds), percent - 1);
  const durationNs = (leftSeconds * SECOND_NS) / count;
  return {
    startTimeNs: steps.startTimeNs,
    // In doubles, as the recorded times are (errata C-058).
    nextStepTimeNs: BigInt(Number(nowNs) + durationNs),
    stepDurationNs: BigInt(Math.trunc(durationNs)),
    stepSize: Math.round((percent - 1) / count),
  };
}

export interface Stepped {
  readonly rollout: Rollout;
  /** When the next step is due; 0 = none is. */
  readonly nextStepTimeNs: bigint;
}

/** Configurations that traffic no longer follows are forgotten; new ones start with all they want. */
export function step(goal: Rollout, previous: Rollout | undefined, nowNs: bigint): Stepped {
  if (!previous || previous.configurations.length === 0) return { rollout: goal, nextStepTimeNs: 0n };
  const configurations = goal.configurations.map((wanted) => {
    const before = previous.configurations.find(
      ({ tag, configurationName }) => tag === wanted.tag && configurationName === wanted.configurationName,
    );
    return before && before.revisions.length > 0 ? stepOne(wanted, before, nowNs) : wanted;
  });
  const due = configurations.map(({ steps }) => steps.nextStepTimeNs).filter((time) => time > 0n);
  const nextStepTimeNs = due.reduce((least, time) => (least === 0n || time < least ? time : least), 0n);
  return { rollout: { configurations }, nextStepTimeNs };
}

function stepOne(
  goal: ConfigurationRollout,
  before: ConfigurationRollout,
  nowNs: bigint,
): ConfigurationRollout {
  const wanted = goal.revisions[0];
  if (!wanted || goal.percent === 0) return goal;
  const revisions = withPercent(before.revisions, goal.percent - before.percent);
  const isSame = revisions.at(-1)?.revisionName === wanted.revisionName;
  const stepSize = Math.min(before.steps.stepSize, goal.percent);
  if (isSame) return advance({ ...goal, revisions, steps: { ...before.steps, stepSize } }, nowNs);
  if (goal.percent <= 1) return goal;
  return {
    ...goal,
    revisions: [...givingOne(revisions), { ...wanted, percent: 1 }],
    steps: { ...noSteps, startTimeNs: nowNs },
  };
}

/** More goes to the newest Revision, less is taken from the oldest ones first (spec C-060). */
function withPercent(revisions: readonly RevisionShare[], change: number): RevisionShare[] {
  if (change >= 0) {
    return revisions.map((one, index) =>
      index === revisions.length - 1 ? { ...one, percent: one.percent + change } : one,
    );
  }
  let taken = -change;
  const left: RevisionShare[] = [];
  for (const one of revisions) {
    const less = Math.min(taken, one.percent);
    taken -= less;
    if (one.percent > less) left.push({ ...one, percent: one.percent - less });
  }
  return left;
}

/** One percent is taken from the youngest Revision that has traffic. */
function givingOne(revisions: readonly RevisionShare[]): RevisionShare[] {
  const giver = revisions.findLastIndex(({ percent }) => percent > 0);
  return revisions
    .slice(0, giver + 1)
    .map((one, index) => (index === giver ? { ...one, percent: one.percent - 1 } : one))
    .filter(({ percent }) => percent > 0);
}

/** When its time has come, the newest Revision gains a step, from the newest of the others first (spec C-059). */
function advance(rollout: ConfigurationRollout, nowNs: bigint): ConfigurationRollout {
  const { revisions, steps } = rollout;
  const newest = revisions.at(-1);
  if (!newest || revisions.length < 2) return { ...rollout, steps: noSteps };
  if (steps.nextStepTimeNs === 0n || nowNs < steps.nextStepTimeNs) return rollout;
  const gain = Math.min(steps.stepSize, rollout.percent - newest.percent);
  const others = lessFromNewest(revisions.slice(0, -1), gain);
  const shares = [...others, { ...newest, percent: newest.percent + gain }];
  if (others.length === 0) return { ...rollout, revisions: shares, steps: noSteps };
  return {
    ...rollout,
    revisions: shares,
    steps: { ...steps, nextStepTimeNs: nowNs + steps.stepDurationNs },
  };
}

function lessFromNewest(revisions: readonly RevisionShare[], percent: number): RevisionShare[] {
  let taken = percent;
  const left: RevisionShare[] = [];
  for (const one of [...revisions].reverse()) {
    const less = Math.min(taken, one.percent);
    taken -= less;
    if (one.percent > less) left.unshift({ ...one, percent: one.percent - less });
  }
  return left;
}

/** State that does not add up is not trusted (spec C-058). */
export function isValid({ configurations }: Rollout): boolean {
  return configurations.every(({ percent, revisions, steps }) => {
    const sum = revisions.reduce((total, one) => total + one.percent, 0);
    return percent <= 100 && sum === percent && steps.stepSize >= 0 && steps.stepSize <= percent;
  });
}

/** Revisions that are gone get nothing; their share goes to the newest one. */
export function withoutMissing(rollout: Rollout, isThere: (revisionName: string) => boolean): Rollout {
  const configurations = rollout.configurations.map((one) => {
    const left = one.revisions.filter(({ revisionName }) => isThere(revisionName));
    const lost = one.percent - left.reduce((total, { percent }) => total + percent, 0);
    return lost === 0 ? one : { ...one, revisions: withPercent(left, lost) };
  });
  return { configurations };
}
