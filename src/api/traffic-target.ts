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
    tag: string(),
    revisionName: string(),
    configurationName: string(),
    latestRevision: boolean(),
    percent: integer({
      format: "int64",
    }),
    url: string(),
  },
);
