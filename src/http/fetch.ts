import type { Clock } from "../base/clock.ts";
import type { Address, Network } from "./conn.ts";
import type { HeaderBlock } from "./header-block.ts";

export interface FetchRequest {
  readonly address: Address;
  /** Default GET. */
  readonly method?: string;
  /** Origin-form, e.g. "/healthz?full=1". */
  readonly target: string;
  /** Sent as given; Host defaults to the address. */
  readonly headers?: HeaderBlock;
  readonly body?: Uint8Array;
  /** For everything from dialling to the last byte. */
  readonly timeoutMs: number;
  /** A longer body fails the call; default 1 MiB. */
  readonly bodyLimitBytes?: number;
  readonly signal?: AbortSignal;
}

export interface FetchedResponse {
  readonly status: number;
  readonly headers: HeaderBlock;
  readonly body: Buffer;
}

/**
 * One small request on a connection of its own, for probes and scrapes. Rejects with UpstreamError (`failure`), or
 * EbbError code `fetch-timeout`, `fetch-too-large`, `fetch-aborted`.
 */
export function httpFetch(
  _ports: { network: Network; clock: Clock },
  _request: FetchRequest,
): Promise<FetchedResponse> {
  throw new Error("not built yet");
}
