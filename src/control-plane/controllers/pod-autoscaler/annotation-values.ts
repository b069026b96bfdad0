import { DurationError, parseDuration } from "../../../base/duration.ts";

/** Annotation values as Go's strconv reads them; what does not parse counts as absent (spec A-074). */

type Annotations = Readonly<Record<string, string>>;

const DOMAIN = "autoscaling.knative.dev/";
const NS_PER_MS = 1e6;

/** The value under the dashed key, else under its camel-case alias. */
export function autoscalingValue(annotations: Annotations, name: string): string | undefined {
  return annotations[DOMAIN + name] ?? annotations[DOMAIN + camelCase(name)];
}

export function int32Value(annotations: Annotations, name: string): number | undefined {
  const text = autoscalingValue(annotations, name);
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}

export function floatValue(annotations: Annotations, name: string): number | undefined {
  const text = autoscalingValue(annotations, name);
  if (text === undefined) return undefined;
  if (/^[+-]?(inf|infinity)$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function durationMsValue(annotations: Annotations, name: string): number | undefined {
  const text = autoscalingValue(annotations, name);
  return text === undefined ? undefined : durationMs(text);
}

/** undefined when it does not parse. */
export function durationMs(text: string): number | undefined {
  try {
    return Number(parseDuration(text)) / NS_PER_MS;
  } catch (thrown) {
    if (thrown instanceof DurationError) return undefined;
    throw thrown;
  }
}
