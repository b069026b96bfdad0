import type { EndpointSubset } from "../../../api/endpoints/kind.ts";
import { type Protocol, protocolPort, QUEUE_HTTPS_PORT } from "./ports.ts";

/**
 * Who answers at a revision's public Service: its own pods, or a share of the activators (spec C-036…C-038).
 */

export type Mode = "Serve" | "Proxy";

export interface EndpointSources {
  readonly mode: Mode;
  /** Of the private Service. */
  readonly own: readonly EndpointSubset[];
  readonly activators: readonly EndpointSubset[];
}

/**
 * The mode in force: without a ready pod the activators must answer, and without an activator the pods must,
 * even when there are none. The order matters (spec C-037).
 */
export function forcedMode({ mode, own, activators }: EndpointSources): Mode {
  if (readyAddresses(activators) === 0) return "Serve";
  return readyAddresses(own) === 0 ? "Proxy" : mode;
}

export function readyAddresses(subsets: readonly EndpointSubset[]): number {
  return subsets.reduce((count, subset) => count + (subset.addresses?.length ?? 0), 0);
}

export interface PublicSubsets extends EndpointSources {
  readonly protocol: Protocol;
  /** How many activators; 0 = all. */
  readonly numActivators: number;
  /** Chooses `count` of the addresses, always the same ones for the same revision. */
  choose(addresses: readonly string[], count: number): ReadonlySet<string>;
}

/** Copies of the source's subsets with the traffic's ports only; targetRefs stay (spec C-036, C-040). */
export function publicSubsets(facts: PublicSubsets): EndpointSubset[] {
  const source = forcedMode(facts) === "Serve" ? facts.own : chosenActivators(facts);
  const { targetPort } = protocolPort(facts.protocol);
  return source.map((subset) => ({
    ...subset,
    ports: (subset.ports ?? []).filter(({ port }) => port === targetPort || port === QUEUE_HTTPS_PORT),
  }));
}

function chosenActivators({ activators, numActivators, choose }: PublicSubsets): readonly EndpointSubset[] {
  const all = new Set(activators.flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip)));
  if (numActivators === 0 || all.size <= numActivators) return activators;
  const chosen = choose([...all], numActivators);
  return activators.flatMap((subset) => {
    const addresses = (subset.addresses ?? []).filter(({ ip }) => chosen.has(ip));
    return addresses.length === 0 ? [] : [{ ...subset, addresses }];
  });
}
