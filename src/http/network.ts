import type { Clock } from "../base/clock.ts";
import type { Network } from "./conn.ts";

/** Real TCP over node:net. */
export function systemNetwork(_clock: Clock): Network {
  throw new Error("not built yet");
}
