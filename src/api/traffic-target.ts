import { boolean, integer, object, type Schema, string } from "./schema.ts";

/** One entry of `traffic`, in the spec and the status of Services and Routes (spec A-021). */
export interface TrafficTarget {
  tag?: string;
  revisionName?: string;
  configurationName?: string;
  latestRevision?: boolean;
  percent?: number;
  url?: string;
}

export const trafficTargetSchema: Schema<TrafficTarget> = object(
  {},
  {
    tag: string({ description: "Gives this target a host of its own, with the tag before the route's." }),
    revisionName: string({ description: "The revision that answers." }),
    configurationName: string({ description: "The configuration whose newest ready revision answers." }),
    latestRevision: boolean({ description: "Whether the target follows the newest ready revision." }),
    percent: integer({
      format: "int64",
      description: "Share of the requests; all targets together have 100.",
    }),
    url: string({ description: "Where the tag's host is reached; set by the server." }),
  },
);
