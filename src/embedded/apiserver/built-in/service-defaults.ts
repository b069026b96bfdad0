import { recordsIn, setDefault } from "../../../api/pod/defaults.ts";
import { recordAt } from "../any-object.ts";

/** What Kubernetes fills into Services: addresses and ports that it allocates, and policies. */

type Fields = Record<string, unknown>;

/** Gives out numbers that differ from those of every Service made lately. */
export interface ServiceAllocator {
  clusterIp(): string;
  nodePort(): number;
}

/** 10.96.0.0/12, as usual in clusters: a name for the Service alone, nothing listens there. */
const CLUSTER_BASE = 10 * 2 ** 24 + 96 * 2 ** 16;
const CLUSTER_SIZE = 2 ** 20;
const NODE_PORT_FIRST = 30_000;
const NODE_PORT_COUNT = 2768;

/**
 * Follows the revision numbers, so that it needs neither memory nor disk: an address comes again after a million
 * writes, when the Service that had it is most likely gone. (Nothing is routed by cluster address here.)
 */
export class RevisionAllocator implements ServiceAllocator {
  readonly #sequenced: () => number;
  #last = 0;

  constructor(sequenced: () => number) {
    this.#sequenced = sequenced;
  }

  clusterIp(): string {
    const address = CLUSTER_BASE + (this.#next() % CLUSTER_SIZE);
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
  }

  nodePort(): number {
    return NODE_PORT_FIRST + (this.#next() % NODE_PORT_COUNT);
  }

  #next(): number {
    this.#last = Math.max(this.#last, this.#sequenced()) + 1;
    return this.#last;
  }
}

/** A dry run takes nothing: it always shows the same address and port. */
export const DRY_RUN_ALLOCATOR: ServiceAllocator = {
  clusterIp: () => "10.96.0.1",
  nodePort: () => NODE_PORT_FIRST,
};

/** `before` is the stored spec on an update: what was allocated stays. Changes `spec`. */
export function defaultService(spec: Fields, before: Fields | undefined, allocator: ServiceAllocator): void {
  setDefault(spec, "type", "ClusterIP");
  setDefault(spec, "sessionAffinity", "None");
  for (const port of recordsIn(spec, "ports")) {
    setDefault(port, "protocol", "TCP");
    if (spec.clusterIP !== "None" || port.targetPort === undefined) setDefault(port, "targetPort", port.port);
  }
  if (spec.type === "ExternalName") {
    for (const name of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"])
      delete spec[name];
    return;
  }
  if (before && before.type !== "ExternalName") setDefault(spec, "clusterIP", before.clusterIP);
  if (spec.clusterIP === "") delete spec.clusterIP;
  setDefault(spec, "clusterIP", allocator.clusterIp());
  setDefault(spec, "clusterIPs", [spec.clusterIP]);
  setDefault(spec, "ipFamilies", ["IPv4"]);
  setDefault(spec, "ipFamilyPolicy", "SingleStack");
  setDefault(spec, "internalTrafficPolicy", "Cluster");
  if (spec.type === "ClusterIP") return;
  setDefault(spec, "externalTrafficPolicy", "Cluster");
  if (spec.type === "LoadBalancer") setDefault(spec, "allocateLoadBalancerNodePorts", true);
  const allocated = recordsIn(recordAt({ before }, ["before"]), "ports");
  for (const port of recordsIn(spec, "ports")) {
    const same = allocated.find((old) => old.port === port.port && old.protocol === port.protocol);
    if (!port.nodePort) port.nodePort = same?.nodePort ?? allocator.nodePort();
  }
}
