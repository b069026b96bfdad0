/** Reasons of conditions that ebb has and Knative has not; one controller says them, others pass them on. */

/** A first pod runs and its readiness probe has not passed for some seconds. */
export const NOT_READY_YET = "NotReadyYet";
