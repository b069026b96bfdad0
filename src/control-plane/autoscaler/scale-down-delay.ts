const SLOT_SECONDS = 2;

/**
 * The decisions of the delay window that can still be its maximum: newest last, falling values (spec S-050).
 */
export type DelayWindow = readonly { readonly slot: number; readonly desired: number }[];

/**
 * The window after one more decision; its maximum is `delayedScale`. Slots are two seconds wide and lie on
 * the Unix time, so two decisions in one slot join with the larger one even when the delay is shorter than a
 * slot (errata S-050).
 */
export function recordDecision(window: DelayWindow, decision: DelayedDecision): DelayWindow {
  const slot = Math.floor(decision.nowMs / 1000 / SLOT_SECONDS);
  const slots = Math.ceil(decision.delayMs / 1000 / SLOT_SECONDS);
  const larger = window.filter((entry) => entry.slot > slot - slots && entry.desired > decision.desired);
  return [...larger, { slot, desired: decision.desired }];
}

export interface DelayedDecision {
  readonly nowMs: number;
  readonly delayMs: number;
  readonly desired: number;
}

export function delayedScale(window: DelayWindow): number {
  return window[0]?.desired ?? 0;
}
