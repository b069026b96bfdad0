import type { HeaderLines } from "./byte-reader.ts";

/** What an application saw, in the words of a recorded case. */
export interface SeenRequest {
  startLine: string;
  headers: HeaderLines;
  body: string;
  framing?: string;
  trailers?: HeaderLines;
  complete?: boolean;
  peerClosed?: boolean;
  afterEof?: string;
  raw?: string;
  resetCode?: number;
  /** The same, as the activator's cases call it. */
  reset?: number;
}
