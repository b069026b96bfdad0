import { type FieldCause, invalidValue } from "../../../api/field-cause.ts";
import { timeText } from "../../../kube/time.ts";
import { ISSUER, type ServiceAccountTokens } from "../access/service-account-tokens.ts";
import { type AnyObject, isRecord, recordAt } from "../any-object.ts";
import { type ServerContext, storageKeyOf, type Target } from "../context.ts";
import { forbidden, invalid, notFound } from "../failures.ts";

const DEFAULT_SECONDS = 3600;
const SECONDS_MIN = 600;
const SECONDS_MAX = 2 ** 32;

type TokenContext = ServerContext & { readonly tokens: ServiceAccountTokens };

/** POST on a service account's /token: a TokenRequest with its answer (spec E-213). */
export async function issueTokenFor(context: TokenContext, target: Target, body: AnyObject): Promise<object> {
  const spec = recordAt(body, ["spec"]);
  const asked = Array.isArray(spec.audiences) ? spec.audiences.map(String) : [];
  const audiences = asked.length === 0 ? [ISSUER] : asked;
  const { expirationSeconds = DEFAULT_SECONDS } = spec;
  const causes = secondsCauses(Number(expirationSeconds));
  if (causes.length > 0)
    throw invalid({ kind: "TokenRequest", group: "authentication.k8s.io" }, target.name, causes);
  const account = await storedAt(context, target);
  const pod = isRecord(spec.boundObjectRef)
    ? await boundPod(context, target, spec.boundObjectRef)
    : undefined;
  const owner = {
    namespace: target.namespace,
    name: target.name,
    uid: account.metadata.uid ?? "",
    ...(pod ? { pod } : {}),
  };
  const terms = { audiences, expirationSeconds: Number(expirationSeconds) };
  const { token, expiresMs } = context.tokens.issue(owner, terms);
  const { boundObjectRef } = spec;
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: {
      name: target.name,
      namespace: target.namespace,
      creationTimestamp: timeText(context.clock.wall()),
    },
    spec: { ...terms, ...(boundObjectRef === undefined ? {} : { boundObjectRef }) },
    status: { token, expirationTimestamp: timeText(expiresMs) },
  };
}

async function storedAt(context: ServerContext, target: Target): Promise<AnyObject> {
  const entry = await context.storage.get(storageKeyOf(target));
  if (!entry) throw notFound(target.resource, target.name);
  return JSON.parse(entry.json) as AnyObject;
}

function secondsCauses(seconds: number): FieldCause[] {
  const field = "spec.expirationSeconds";
  if (seconds < SECONDS_MIN)
    return [invalidValue(field, seconds, "may not specify a duration less than 10 minutes")];
  return seconds > SECONDS_MAX
    ? [invalidValue(field, seconds, "may not specify a duration larger than 2^32 seconds")]
    : [];
}

async function boundPod(context: ServerContext, target: Target, ref: Record<string, unknown>) {
  const pods = context.resources.ofKind({ group: "", plural: "pods" });
  const name = String(ref.name ?? "");
  if (ref.kind !== "Pod" || !pods)
    throw forbidden(target.resource, target.name, `cannot bind token to object of type ${ref.kind}`);
  const pod = await storedAt(context, { resource: pods, namespace: target.namespace, name });
  const uid = pod.metadata.uid ?? "";
  if (ref.uid !== undefined && ref.uid !== "" && ref.uid !== uid) throw notFound(pods, name);
  return { name, uid };
}
