import { messageOf } from "../../base/errors.ts";
import { HeaderBlock } from "../../http/header-block.ts";
import type { Exchange, Handler } from "../../http/message.ts";
import { respondWith } from "../../http/responses.ts";
import { respondWithError } from "../error-answer.ts";
import { routes } from "../routes.ts";

/** What the JavaScript engine can tell of itself; given by the program. */
export interface Profiler {
  /** A CPU profile of that many seconds, in V8's `.cpuprofile` form. */
  cpu(seconds: number): Promise<string>;
  /** A sampling heap profile of that many seconds, in V8's `.heapprofile` form. */
  heap(seconds: number): Promise<string>;
}

const SECONDS_DEFAULT = 30;
const SECONDS_MAX = 300;
const INDEX = "profile?seconds=30: V8 CPU profile\nheap?seconds=30: V8 sampling heap profile\n";

/**
 * The profiling port (spec §0.3, 8008): Go's paths, V8's formats, which the tools for Node open. Go's own formats would
 * tell of a program that does not exist.
 */
export function profilingHandler(profiler: Profiler): Handler {
  return routes({
    "/debug/pprof/": (exchange) => respondWith(exchange, { status: 200, body: INDEX }),
    "/debug/pprof/profile": (exchange) => void answer(exchange, profiler.cpu),
    "/debug/pprof/heap": (exchange) => void answer(exchange, profiler.heap),
  });
}

async function answer(exchange: Exchange, profile: (seconds: number) => Promise<string>): Promise<void> {
  const [, query] = exchange.request.target.split("?", 2);
  const text = new URLSearchParams(query).get("seconds") ?? String(SECONDS_DEFAULT);
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    const why = `seconds is ${JSON.stringify(text)}, not a number above 0 and up to ${SECONDS_MAX}`;
    respondWithError(exchange, { status: 400, code: "profile-seconds", text: why });
    return;
  }
  try {
    const body = await profile(seconds);
    if (exchange.cancel.raised) return;
    const headers = new HeaderBlock(["Content-Type", "application/json"]);
    respondWith(exchange, { status: 200, headers, body });
  } catch (thrown) {
    if (exchange.cancel.raised) return;
    respondWithError(exchange, { status: 500, code: "profile-failed", text: messageOf(thrown) });
  }
}
