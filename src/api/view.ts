import type { FieldCause } from "./field-cause.ts";
import type { Kind } from "./kind.ts";
import type { ApiObject } from "./object.ts";

/** A kind that is stored as another one: the same objects under another group or version, in another shape. */
export interface KindView {
  readonly kind: Kind;
  readonly of: Kind;
  /** The stored object in this shape; neither carries its type. */
  readonly show: (stored: ApiObject) => ApiObject;
  /** The object to store; `before` is what is stored now. */
  readonly store: (given: ApiObject, before?: ApiObject) => ApiObject;
  /** What this version demands beyond the stored kind's checks; of the object to store. */
  readonly check?: (object: ApiObject) => FieldCause[];
}
