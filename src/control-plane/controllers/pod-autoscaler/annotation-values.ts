/** Annotation values as Go's strconv reads them; what does not parse counts as absent (spec A-074). */

type Annotations = Readonly<Record<string, string>>;

const DOMAIN = "autoscaling.knative.dev/";

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

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^[+-]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/;

export function durationMsValue(annotations: Annotations, name: string): number | undefined {
  const text = autoscalingValue(annotations, name);
  return text === undefined ? undefined : durationMs(text);
}

/** Go's time.ParseDuration in milliseconds; undefined when it does not parse. */
export function durationMs(text: string): number | undefined {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!DURATION.test(text)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g))
    totalMs += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return text.startsWith("-") ? -totalMs : totalMs;
}
