import type { AdmissionRequest } from "../admission-port.ts";
import type { AnyObject } from "../any-object.ts";
import type { Caller, Target } from "../context.ts";

/** A request on its way through admission. */
export interface Admitting {
  readonly request: AdmissionRequest;
  readonly target: Target;
  readonly caller: Caller;
  /** Defaults and checks of the kind itself, once more after a webhook changed something. */
  readonly again?: (object: AnyObject) => void;
}
