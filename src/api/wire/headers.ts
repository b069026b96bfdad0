/** Header names and values of the three health checks and of routing (spec §0.4), lower-case as looked up. */
export const NETWORK_PROBE = "k-network-probe";
export const NETWORK_HASH = "k-network-hash";
export const KUBELET_PROBE = "k-kubelet-probe";
export const PROXY_REQUEST = "k-proxy-request";
export const ORIGINAL_HOST = "k-original-host";
export const SERVING_REVISION = "knative-serving-revision";
export const SERVING_NAMESPACE = "knative-serving-namespace";
export const SERVING_TAG = "knative-serving-tag";
export const SERVING_DEFAULT_ROUTE = "knative-serving-default-route";
export const REQUEST_ID = "x-request-id";

export const PROBE_QUEUE = "queue";
export const PROBE_ACTIVATOR = "activator";
export const PROBE_INGRESS = "probe";
export const HASH_OVERRIDE = "override";

export const USER_AGENT_KUBELET_PREFIX = "kube-probe/";
export const USER_AGENT_ACTIVATOR = "Knative-Activator-Probe";
export const USER_AGENT_AUTOSCALER = "Knative-Autoscaling-Probe";
export const USER_AGENT_INGRESS = "Knative-Ingress-Probe";
