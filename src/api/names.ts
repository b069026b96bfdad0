import { createHash } from "node:crypto";

/** Names that Knative gives to objects (spec N-001…N-014) and of the places where its own things live. */
export const SYSTEM_NAMESPACE = "knative-serving";
export const CLUSTER_DOMAIN = "cluster.local";
export const ACTIVATOR_SERVICE = "activator-service";
/** spec N-006: the Certificate, and its Secret, of the queue-proxies of a namespace. */
export const SERVING_CERTS = "serving-certs";
export const QUEUE_CONTAINER = "queue-proxy";
export const KPA_CLASS = "kpa.autoscaling.knative.dev";
export const HPA_CLASS = "hpa.autoscaling.knative.dev";

const LENGTH_MAX = 63;
const HASH_LENGTH = 32;
const HEAD_LENGTH = LENGTH_MAX - HASH_LENGTH;

/**
 * Parent and suffix, shortened by a hash of the parent to what a DNS label may hold (spec A-132 with its erratum).
 * Lengths count bytes, as in Go.
 */
export function childName(parent: string, suffix: string): string {
  const parentBytes = Buffer.from(parent);
  const suffixBytes = Buffer.from(suffix);
  if (parentBytes.length + suffixBytes.length <= LENGTH_MAX) return parent + suffix;
  if (suffixBytes.length < HEAD_LENGTH) {
    const head = parentBytes.subarray(0, HEAD_LENGTH - suffixBytes.length).toString();
    return head + md5(parent) + suffix;
  }
  const hashed = parentBytes.subarray(0, HEAD_LENGTH).toString() + md5(parent + suffix);
  const room = Math.max(0, LENGTH_MAX - Buffer.byteLength(hashed));
  return (hashed + suffixBytes.subarray(0, room).toString()).replace(/[^a-zA-Z0-9]+$/, "");
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

/** spec N-002. */
export function revisionName(configuration: string, generation: number): string {
  return childName(configuration, `-${String(generation).padStart(5, "0")}`);
}

/** spec N-003. */
export function deploymentName(revision: string): string {
  return childName(revision, "-deployment");
}

/** spec N-005. */
export function imageCacheName(revision: string, container: string): string {
  return childName(childName(revision, "-cache"), `-${container}`);
}

/** spec N-009. */
export function privateServiceName(serverlessService: string): string {
  return childName(serverlessService, "-private");
}

/** spec N-011. */
export function ingressName(route: string): string {
  return childName(route, "");
}

/** spec N-013. */
export function certificateName(domain: string): string {
  return childName(domain, "");
}

/** spec N-012; the main host has the tag "". */
export function routeCertificateName(routeUid: string, tag: string): string {
  return tag === "" ? `route-${routeUid}` : `route-${routeUid}-${adler32(tag)}`;
}

/** RFC 1950, over the text's bytes. */
function adler32(text: string): number {
  const modulus = 65_521;
  let low = 1;
  let high = 0;
  for (const byte of Buffer.from(text)) {
    low = (low + byte) % modulus;
    high = (high + low) % modulus;
  }
  return high * 65_536 + low;
}
