import type { Authenticator } from "../access/authenticator.ts";
import type { ServiceAccountTokens } from "../access/service-account-tokens.ts";
import type { ServerContext } from "../context.ts";
import type { PodLogs } from "../pod-logs.ts";
import type { PodStreams } from "../pod-streams.ts";
import type { OpenApiDocuments } from "./openapi-paths.ts";

/** What answering over HTTP needs beside the verbs. */
export interface RestContext extends ServerContext {
  readonly podLogs: () => PodLogs | undefined;
  readonly podStreams: () => PodStreams | undefined;
  readonly tokens: ServiceAccountTokens;
  readonly authenticator: Authenticator;
  readonly openApi: OpenApiDocuments;
}
