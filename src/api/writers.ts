/**
 * Who may write which status field (DESIGN §4, Writers): in tests and simulation the API refuses everybody else. A
 * field is a top-level name of status, or `conditions[Type]`; what is not listed is not guarded. Kinds whose whole
 * status has one writer are listed as such.
 */
const WRITERS: Readonly<Record<string, string>> = {
  Configuration: "configuration-controller",
  Revision: "revision-controller",
  Route: "route-controller",
  DomainMapping: "domainmapping-controller",
  Ingress: "ingress-controller",
  Certificate: "certificate-controller",
  PodAutoscaler: "podautoscaler-controller",
  ServerlessService: "serverlessservice-controller",
  Metric: "metric-controller",
};

export const statusWriters = {
  /** The only actor that may write the field; undefined = everybody may. Both kinds named Service are left open. */
  ownerOf(kind: string, _field: string): string | undefined {
    return WRITERS[kind];
  },
};
