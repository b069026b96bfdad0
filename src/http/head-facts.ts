/** What framing and connection handling need to know of a head, gathered while it is parsed. */
export class HeadFacts {
  /** -1: no Content-Length. */
  contentLength = -1;
  chunked = false;
  /** Options of `Connection`. */
  close = false;
  keepAlive = false;
  /** `Connection: upgrade` together with this `Upgrade` value. */
  connectionUpgrade = false;
  upgrade: string | undefined;
  expect: string | undefined;
  host: string | undefined;
  hostCount = 0;
}
