import type { ServerContext } from "../context.ts";
import type { PodLogs } from "../pod-logs.ts";

/** What answering over HTTP needs beside the verbs. */
export interface RestContext extends ServerContext {
  readonly podLogs: PodLogs | undefined;
}
