/** Where ebb's objects differ from the recorded ones on purpose, or not yet agree. */

/** Cases that are not replayed, and why. */
export const leftOutCases: Readonly<Record<string, string>> = {};

export interface LeftOut {
  /** Absent = in every case. */
  readonly id?: string;
  /** Of `Kind name.path`. */
  readonly path: RegExp;
  readonly why: string;
}

export const leftOutLeaves: readonly LeftOut[] = [
  { path: /^Endpoints .*targetRef\.uid$/, why: "uids of pods differ by nature, and only some were masked" },
  {
    id: "long-name",
    path: /^Endpoints .*targetRef\.name$/,
    why: "a generated ending, cut to a length that hides it from the mask",
  },
  {
    id: "unresolvable-image",
    path: /^(Service|Configuration|Revision) .*conditions.*message$/,
    why: "the reason that the image cannot be fetched is the machine's own",
  },
  {
    id: "unresolvable-image",
    path: /^Service .*conditions.*reason$/,
    why: "a Service's Ready tells why there is no Revision (RevisionFailed), not only that there is none",
  },
  {
    id: "service-account",
    path: /^Service .*conditions\.\[Ready\]\.(message|reason)$/,
    why: "a Service's Ready tells why there is no Revision (RevisionFailed), not only that there is none",
  },
  {
    id: "rollout-duration",
    path: /^Ingress .*status\.observedGeneration$/,
    why: "recorded between a step of the rollout and the gateway's word that it is served",
  },
  {
    id: "split-tags",
    path: /^Ingress .*\.(generation|observedGeneration)$/,
    why: "Knative's Route passed through one step more: all traffic to the new Revision before the split was known",
  },
  {
    id: "crash",
    path: /^(Service|Configuration|Revision|Route) .*conditions\.|^PodAutoscaler .*(\.reachability|eneration)$/,
    why: "Knative looks at pods only when their Deployment changes; ebb watches them and tells ExitCode5 at once",
  },
];
