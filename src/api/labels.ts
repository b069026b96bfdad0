/** Keys of Knative's labels and annotations that controllers write and read (spec A-066…A-078). */
export const SERVICE = "serving.knative.dev/service";
export const SERVICE_UID = "serving.knative.dev/serviceUID";
export const CONFIGURATION = "serving.knative.dev/configuration";
export const CONFIGURATION_UID = "serving.knative.dev/configurationUID";
export const CONFIGURATION_GENERATION = "serving.knative.dev/configurationGeneration";
export const REVISION = "serving.knative.dev/revision";
export const REVISION_UID = "serving.knative.dev/revisionUID";
export const ROUTE = "serving.knative.dev/route";
export const ROUTE_NAMESPACE = "serving.knative.dev/routeNamespace";
export const DOMAIN_MAPPING_UID = "serving.knative.dev/domainMappingUID";
export const DOMAIN_MAPPING_NAMESPACE = "serving.knative.dev/domainMappingNamespace";
export const ROUTING_STATE = "serving.knative.dev/routingState";
export const ROUTING_STATE_MODIFIED = "serving.knative.dev/routingStateModified";
export const ROUTES = "serving.knative.dev/routes";
export const CREATOR = "serving.knative.dev/creator";
export const LAST_MODIFIER = "serving.knative.dev/lastModifier";
export const LAST_PINNED = "serving.knative.dev/lastPinned";
export const NO_GC = "serving.knative.dev/no-gc";
export const DEPLOYMENT_HASH = "serving.knative.dev/deployment-hash";
export const PROGRESS_DEADLINE = "serving.knative.dev/progress-deadline";
export const ROLLOUT_DURATION = [
  "serving.knative.dev/rollout-duration",
  "serving.knative.dev/rolloutDuration",
];
export const VISIBILITY = "networking.knative.dev/visibility";
export const CLUSTER_LOCAL = "cluster-local";
export const INGRESS_CLASS = ["networking.knative.dev/ingress.class", "networking.knative.dev/ingress-class"];
export const HTTP_PROTOCOL = ["networking.knative.dev/http-protocol", "networking.knative.dev/httpOption"];
export const CERTIFICATE_CLASS = [
  "networking.knative.dev/certificate.class",
  "networking.knative.dev/certificate-class",
];
export const DISABLE_EXTERNAL_TLS = [
  "networking.knative.dev/disableAutoTLS",
  "networking.knative.dev/disable-auto-tls",
  "networking.knative.dev/disable-external-domain-tls",
];
export const CERTIFICATE_TYPE = "networking.knative.dev/certificate-type";
export const CERTIFICATE_UID = "networking.internal.knative.dev/certificate-uid";
export const WILDCARD_DOMAIN = "networking.knative.dev/wildcardDomain";
export const TRUST_BUNDLE = "networking.knative.dev/trust-bundle";
export const ROLLOUT = "networking.internal.knative.dev/rollout";
export const TAG_TO_HOST = "networking.internal.knative.dev/tag-to-host";
export const SERVERLESS_SERVICE = "networking.internal.knative.dev/serverlessservice";
export const SERVICE_TYPE = "networking.internal.knative.dev/serviceType";
export const AUTOSCALING_PREFIX = "autoscaling.knative.dev/";
export const AUTOSCALING_CLASS = "autoscaling.knative.dev/class";
export const AUTOSCALING_METRIC = "autoscaling.knative.dev/metric";
export const HTTP_FULL_DUPLEX = "features.knative.dev/http-full-duplex";
export const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The class of Ingress that ebb's own gateway carries out. */
export const EBB_INGRESS_CLASS = "ebb.ingress.networking.knative.dev";

/** The class of Certificate that the engine's own authority signs. */
export const EBB_CERTIFICATE_CLASS = "ebb.certificate.networking.knative.dev";

/** Entries of `map` whose key is not among `keys`. */
export function without(map: Readonly<Record<string, string>> | undefined, keys: readonly string[]) {
  return Object.fromEntries(Object.entries(map ?? {}).filter(([key]) => !keys.includes(key)));
}
