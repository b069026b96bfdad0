/** Autoscaling annotations of a revision (spec A-116…A-122). */
import { isWholeSeconds, parseDuration } from "../../base/duration.ts";
import { NumeralError, parseFloat64, parseInteger } from "../../base/numerals.ts";
import {
  ACTIVATION_SCALE,
  ALGORITHM,
  type Annotation,
  CLASS,
  findAnnotation,
  INITIAL_SCALE,
  MAX_SCALE,
  METRIC,
  MIN_SCALE,
  PANIC_THRESHOLD,
  PANIC_WINDOW,
  POD_RETENTION,
  SCALE_DOWN_DELAY,
  TARGET,
  TARGET_BURST_CAPACITY,
  TARGET_UTILIZATION,
  WINDOW,
} from "../annotation.ts";
import type { AutoscalerConfig } from "../config/autoscaler.ts";
import { HPA_CLASS, KPA_CLASS } from "../names.ts";
import { FieldErrors, INT32_MAX, invalidValue, outOfBounds } from "./field-error.ts";

type Annotations = Readonly<Record<string, string>>;

const SECOND = 1_000_000_000n;
const WINDOW_MIN = 6n * SECOND;
const WINDOW_MAX = 3600n * SECOND;
const TARGET_MIN = 0.01;

export function autoscalingAnnotationErrors(config: AutoscalerConfig, annotations: Annotations): FieldErrors {
  return FieldErrors.none.also(
    classErrors(annotations),
    scaleErrors(config, annotations),
    floatErrors(annotations),
    windowErrors(annotations),
    retentionErrors(annotations),
    delayErrors(annotations),
    metricErrors(config, annotations),
    algorithmErrors(annotations),
    initialScaleErrors(config, annotations),
  );
}

function classErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, CLASS);
  if (found === undefined || !found.value.endsWith(".knative.dev")) return FieldErrors.none;
  if (found.value === KPA_CLASS || found.value === HPA_CLASS) return FieldErrors.none;
  return invalidValue(found.value, found.key);
}

interface Bound {
  readonly value: number;
  readonly errors: FieldErrors;
}

function boundOf(annotations: Annotations, keys: readonly string[]): Bound {
  const found = findAnnotation(annotations, keys);
  if (found === undefined) return { value: 0, errors: FieldErrors.none };
  const beyond = outOfBounds({ value: found.value, low: 0, high: INT32_MAX, path: found.key });
  try {
    const value = parseInteger(found.value, 32);
    return value < 0 ? { value: 0, errors: beyond } : { value, errors: FieldErrors.none };
  } catch (thrown) {
    const isRange = thrown instanceof NumeralError && thrown.isRange;
    return { value: 0, errors: isRange ? beyond : invalidValue(found.value, found.key) };
  }
}

function scaleErrors(config: AutoscalerConfig, annotations: Annotations): FieldErrors {
  const min = boundOf(annotations, MIN_SCALE);
  const max = boundOf(annotations, MAX_SCALE);
  let errors = min.errors.also(max.errors);
  if (max.value !== 0 && max.value < min.value) {
    errors = errors.also(
      FieldErrors.of(`max-scale=${max.value} is less than min-scale=${min.value}`, [
        MAX_SCALE[0] ?? "",
        MIN_SCALE[0] ?? "",
      ]),
    );
  }
  const maxFound = findAnnotation(annotations, MAX_SCALE);
  if (maxFound !== undefined) errors = errors.also(limitErrors(config, max.value, maxFound.key));
  const activation = findAnnotation(annotations, ACTIVATION_SCALE);
  if (activation === undefined) return errors;
  return errors.also(activationErrors(activation, min.value, max.value));
}

function limitErrors({ maxScaleLimit }: AutoscalerConfig, maxScale: number, key: string): FieldErrors {
  if (maxScaleLimit === 0) return FieldErrors.none;
  if (maxScale > maxScaleLimit) {
    return outOfBounds({ value: maxScale, low: 1, high: maxScaleLimit, path: key });
  }
  if (maxScale === 0) {
    return FieldErrors.of(`max-scale=0 (unlimited), must be less than ${maxScaleLimit}`, [key]);
  }
  return FieldErrors.none;
}

function activationErrors({ key, value }: Annotation, min: number, max: number): FieldErrors {
  let scale: number;
  try {
    scale = parseInteger(value, 32);
  } catch {
    return invalidValue(value, key);
  }
  if (min > scale) return FieldErrors.of(`min-scale=${min} is greater than activation-scale=${scale}`, [key]);
  if (max < scale && max !== 0) {
    return FieldErrors.of(`max-scale=${max} is less than activation-scale=${scale}`, [key]);
  }
  return scale < 2
    ? FieldErrors.of(`activation-scale=${scale} must be greater than 1`, [key])
    : FieldErrors.none;
}

function floatErrors(annotations: Annotations): FieldErrors {
  return FieldErrors.none.also(
    inRange(annotations, PANIC_WINDOW, { low: 1, high: 100 }),
    inRange(annotations, PANIC_THRESHOLD, { low: 110, high: 1000 }),
    targetErrors(annotations),
    inRange(annotations, TARGET_UTILIZATION, { low: 1, high: 100 }),
    burstErrors(annotations),
  );
}

function inRange(
  annotations: Annotations,
  keys: readonly string[],
  range: { readonly low: number; readonly high: number },
): FieldErrors {
  const found = findAnnotation(annotations, keys);
  if (found === undefined) return FieldErrors.none;
  const value = floatOf(found.value);
  if (value === undefined) return invalidValue(found.value, found.key);
  if (value < range.low || value > range.high) {
    return outOfBounds({ ...range, value: found.value, path: found.key });
  }
  return FieldErrors.none;
}

function floatOf(text: string): number | undefined {
  try {
    return parseFloat64(text);
  } catch {
    return undefined;
  }
}

function targetErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, TARGET);
  if (found === undefined) return FieldErrors.none;
  const value = floatOf(found.value);
  if (value === undefined) return invalidValue(found.value, found.key);
  return value < TARGET_MIN
    ? FieldErrors.of(`target ${found.value} should be at least ${TARGET_MIN}`, [found.key])
    : FieldErrors.none;
}

function burstErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, TARGET_BURST_CAPACITY);
  if (found === undefined) return FieldErrors.none;
  const value = floatOf(found.value);
  const isWrong = value === undefined || (value < 0 && value !== -1);
  return isWrong ? invalidValue(found.value, found.key) : FieldErrors.none;
}

function durationOf(text: string): bigint | undefined {
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}

const SECOND_PRECISION = "must be specified with at most second precision";

/** Whatever the spelling, this error names the first one. */
function windowErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, WINDOW);
  if (found === undefined) return FieldErrors.none;
  const duration = durationOf(found.value);
  if (duration === undefined) return invalidValue(found.value, found.key);
  if (duration < WINDOW_MIN || duration > WINDOW_MAX) {
    return outOfBounds({ value: found.value, low: "6s", high: "1h0m0s", path: found.key });
  }
  return isWholeSeconds(duration) ? FieldErrors.none : FieldErrors.of(SECOND_PRECISION, [found.key]);
}

function retentionErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, POD_RETENTION);
  if (found === undefined) return FieldErrors.none;
  const duration = durationOf(found.value);
  if (duration === undefined) return invalidValue(found.value, found.key);
  return duration < 0n || duration > WINDOW_MAX
    ? outOfBounds({ value: found.value, low: "0s", high: "1h0m0s", path: found.key })
    : FieldErrors.none;
}

function delayErrors(annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, SCALE_DOWN_DELAY);
  if (found === undefined) return FieldErrors.none;
  const duration = durationOf(found.value);
  if (duration === undefined) return invalidValue(found.value, found.key);
  if (duration < 0n || duration > WINDOW_MAX) {
    return outOfBounds({ value: found.value, low: "0s", high: "1h0m0s", path: found.key });
  }
  return isWholeSeconds(duration) ? FieldErrors.none : FieldErrors.of(SECOND_PRECISION, [found.key]);
}

function metricErrors(config: AutoscalerConfig, annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, METRIC);
  if (found === undefined) return FieldErrors.none;
  const className = findAnnotation(annotations, CLASS)?.value ?? config.podAutoscalerClass;
  const metric = found.value;
  const isGood =
    className === KPA_CLASS
      ? metric === "concurrency" || metric === "rps"
      : className !== HPA_CLASS || metric !== "";
  return isGood ? FieldErrors.none : invalidValue(metric, found.key);
}

const ALGORITHMS = ["", "linear", "weighted-exponential", "weightedExponential"];

function algorithmErrors(annotations: Annotations): FieldErrors {
  if (findAnnotation(annotations, CLASS)?.value !== KPA_CLASS) return FieldErrors.none;
  const found = findAnnotation(annotations, ALGORITHM);
  if (found === undefined || ALGORITHMS.includes(found.value)) return FieldErrors.none;
  return invalidValue(found.value, found.key);
}

function initialScaleErrors(config: AutoscalerConfig, annotations: Annotations): FieldErrors {
  const found = findAnnotation(annotations, INITIAL_SCALE);
  if (found === undefined) return FieldErrors.none;
  const { key, value } = found;
  let scale: number;
  try {
    scale = parseInteger(value, 64);
  } catch {
    return invalidValue(value, key);
  }
  if (scale < 0) return invalidValue(value, `${key} must be greater than 0`);
  if (scale === 0 && !config.allowZeroInitialScale) {
    return invalidValue(value, `${key}=0 not allowed by cluster`);
  }
  return FieldErrors.none;
}
