import { randomSuffix } from "../../base/random.ts";
import type { AdmissionRequest } from "./admission-port.ts";
import type { ServerContext, WriteOptions } from "./context.ts";

type FromServer = Pick<
  AdmissionRequest,
  "user" | "dryRun" | "warnings" | "withoutWebhooks" | "hasServiceAccount" | "suffix"
>;

/** What admission gets to know beside the object, the same for every verb. */
export function admissionContext(
  context: ServerContext,
  namespace: string,
  options: WriteOptions,
): FromServer {
  const { storage, namespaces, random } = context;
  return {
    user: options.caller.name,
    dryRun: options.dryRun,
    warnings: options.warnings,
    withoutWebhooks: namespaces.excludesWebhooks(namespace),
    ...(options.dryRun
      ? {
          hasServiceAccount: (name: string) =>
            name === "default" ||
            storage.revisionOf({ collection: "serviceaccounts", namespace, name }) !== 0,
          suffix: randomSuffix(random),
        }
      : {}),
  };
}
