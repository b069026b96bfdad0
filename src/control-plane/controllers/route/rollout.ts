import type { Traffic } from "./traffic.ts";

/**
 * The state of gradual rollouts as the Ingress carries it (spec C-058): for each origin the share of every
 * Configuration whose newest Revision is followed, the main origin first.
 */
export function rolloutState(byName: Traffic["byName"]): string {
  const configurations = [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([tag, targets]) =>
      targets
        .filter(({ latestRevision, percent }) => latestRevision && percent > 0)
        .map(({ configurationName, percent, revisionName }) => ({
          configurationName,
          ...(tag === "" ? {} : { tag }),
          percent,
          revisions: [{ revisionName, percent }],
          stepParams: {},
        })),
    );
  return JSON.stringify(configurations.length > 0 ? { configurations } : {});
}
