import type { Handler } from "./message.ts";
import type { Upstream } from "./upstream.ts";

/** An upstream that is a handler in this process: the same phases as over a socket, without one. */
export function inProcessUpstream(_handler: Handler, _options: { remoteAddress: string }): Upstream {
  throw new Error("not built yet");
}
