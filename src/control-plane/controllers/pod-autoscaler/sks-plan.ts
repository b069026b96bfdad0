import type { DeciderSpec } from "../../../api/wire/decider.ts";
import { activatorCount } from "./scale-spec.ts";

/** Whether requests go through the activators, and through how many (spec S-055, S-056). */
export interface SksPlan {
  readonly mode: "Serve" | "Proxy";
  readonly numActivators: number;
}

export interface SksFacts {
  readonly spec: DeciderSpec;
  /** Wanted pods after bounds; -1 = unknown, as after a restart of the autoscaler. */
  readonly want: number;
  readonly excessBurstCapacity: number;
  readonly readyPods: number;
}

export function sksPlan({ spec, want, excessBurstCapacity, readyPods }: SksFacts): SksPlan {
  return {
    mode: want > 0 && excessBurstCapacity >= 0 ? "Serve" : "Proxy",
    numActivators: activatorCount(spec, readyPods),
  };
}
