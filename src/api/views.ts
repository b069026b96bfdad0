import { EVENT_VIEW } from "./event/view.ts";
import { AUTOSCALER_VIEW } from "./horizontal-pod-autoscaler/view.ts";
import type { KindView } from "./view.ts";

/** Groups and versions that show stored kinds in another shape. */
export const VIEWS: readonly KindView[] = [EVENT_VIEW, AUTOSCALER_VIEW];
