/** What `start` of the library may be told. */
export interface StartOptions {
  /** Folder for all state; default: a temporary one, removed by `stop`. */
  readonly home?: string;
  /** Default 0 = any free port. */
  readonly httpPort?: number;
  /** For https, tried in this order; default any free one. */
  readonly httpsPorts?: readonly number[];
  readonly apiPort?: number;
  /** Default `warn`. */
  readonly logLevel?: string;
  /** The process is the engine's alone, so it may be paused when it is idle, to give memory back. Default false. */
  readonly ownsProcess?: boolean;
}
