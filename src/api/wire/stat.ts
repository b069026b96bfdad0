/** What queue-proxies and activators tell the autoscaler (stat.proto of Knative, spec ). */
export interface Stat {
  readonly podName: string;
  readonly averageConcurrentRequests: number;
  readonly averageProxiedConcurrentRequests: number;
  readonly requestCount: number;
  readonly proxiedRequestCount: number;
  /** Seconds. */
  readonly processUptime: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

export interface StatMessage {
  /** Of the revision. */
  readonly namespace: string;
  readonly name: string;
  readonly stat: Stat;
}
