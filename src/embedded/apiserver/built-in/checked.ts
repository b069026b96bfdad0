import type { AnyObject } from "../any-object.ts";

/** What the checks of a built-in kind look at. */
export interface Checked {
  readonly object: AnyObject;
  readonly before: AnyObject | undefined;
  /** A component of the engine: its pods do live on loopback addresses. */
  readonly inside: boolean;
}
