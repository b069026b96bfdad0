/** Where `kubectl logs` comes from; the node agent implements it. */
export interface PodLogs {
  /**
   * The log of one container as chunks; with `follow` until the container ends or `signal` aborts. Rejects with
   * ApiError when the container has no log (yet).
   */
  read(request: PodLogRequest, signal: AbortSignal): Promise<AsyncIterable<string | Uint8Array>>;
}

export interface PodLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly follow: boolean;
  /** The instance before the last restart. */
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
}
