import { firstOf } from "../../../api/annotation.ts";
import type { Config } from "../../../api/config/config.ts";
import type { Ingress } from "../../../api/ingress/kind.ts";
import { ROLLOUT, ROLLOUT_DURATION } from "../../../api/labels.ts";
import type { Stored } from "../../../api/object.ts";
import type { Route } from "../../../api/route/kind.ts";
import { nsToMs, parseDuration, truncateToSeconds } from "../../../base/duration.ts";
import { isObserved, isReady } from "../../../kube/conditions.ts";
import {
  isDone,
  observeReady,
  type RevisionShare,
  type Rollout,
  rolloutGoal,
  step,
  withoutMissing,
} from "./rollout.ts";
import { readRollout } from "./rollout-annotation.ts";
import { protocolOf, type References, type RevisionTarget, type Traffic } from "./traffic.ts";

/** Where the gradual rollouts of a Route stand now, and what that makes of its traffic (spec C-057). */

export interface RolloutPlan {
  readonly rollout: Rollout;
  readonly inProgress: boolean;
  /** When the next step is due. */
  readonly requeueAfterMs?: number;
}

export function rolloutPlan(options: {
  readonly route: Stored<Route>;
  readonly byName: Traffic["byName"];
  readonly observed: References & { readonly ingress?: Stored<Ingress> | undefined };
  readonly context: { readonly config: Config; readonly nowMs: number };
}): RolloutPlan {
  const { route, byName, observed, context } = options;
  const { ingress } = observed;
  const goal = rolloutGoal(byName);
  const durationSeconds = durationOf(route, context.config);
  const kept = readRollout(ingress?.metadata.annotations?.[ROLLOUT]);
  if (durationSeconds <= 0 || !kept || !ingress) return { rollout: goal, inProgress: false };
  const nowNs = BigInt(Math.round(context.nowMs)) * 1_000_000n;
  const there = withoutMissing(kept, (name) => observed.revision(name) !== undefined);
  const before = becomesReady(route, ingress) ? observeReady(there, nowNs, durationSeconds) : there;
  const { rollout, nextStepTimeNs } = step(goal, before, nowNs);
  const waitMs = Math.max(1, Math.ceil(nsToMs(nextStepTimeNs - nowNs)));
  return {
    rollout,
    inProgress: !isDone(rollout),
    ...(nextStepTimeNs === 0n ? {} : { requeueAfterMs: waitMs }),
  };
}

/** 0 = none; an annotation of less than a second counts as absent (errata C-057). */
function durationOf(route: Route, config: Config): number {
  const text = firstOf(route.metadata.annotations, ROLLOUT_DURATION);
  const seconds = text === undefined ? 0 : nsToMs(truncateToSeconds(parseDuration(text))) / 1000;
  return seconds > 0 ? seconds : config.network.rolloutDurationSeconds;
}

/** The gateways serve what the Ingress says, and the Route does not know it yet. */
function becomesReady(route: Route, ingress: Stored<Ingress>): boolean {
  const known = route.status?.conditions?.find(({ type }) => type === "IngressReady");
  return isObserved(ingress) && isReady(ingress) && known?.status !== "True";
}

/** Each target that follows a Configuration becomes the Revisions that share its traffic now. */
export function spreadTargets(
  byName: Traffic["byName"],
  rollout: Rollout,
  { revision }: References,
): Traffic["byName"] {
  const spread = [...byName].map(([tag, targets]) => {
    const all = targets.flatMap((target) =>
      sharesOf(rollout, tag, target).map((share) => {
        const known = share.revisionName === target.revisionName ? undefined : revision(share.revisionName);
        return { ...target, ...share, ...(known ? { protocol: protocolOf(known) } : {}) };
      }),
    );
    return [tag, all] as const;
  });
  return new Map(spread);
}

/** As the status shows them; while no rollout is under way each target keeps the percentage that the Route gives it. */
export function spreadListed(listed: readonly RevisionTarget[], rollout: Rollout): RevisionTarget[] {
  return listed.flatMap((target) => {
    const shares = sharesOf(rollout, target.tag, target);
    return shares.length < 2 ? [target] : shares.map((share) => ({ ...target, ...share }));
  });
}

function sharesOf(rollout: Rollout, tag: string, target: RevisionTarget): readonly RevisionShare[] {
  const own = target.latestRevision
    ? rollout.configurations.find(
        (one) => one.tag === tag && one.configurationName === target.configurationName,
      )
    : undefined;
  return own?.revisions ?? [target];
}
