import { AUTOSCALING_PREFIX } from "../../../api/labels.ts";
import { DurationError, nsToMs, parseDuration } from "../../../base/duration.ts";
import { NumeralError, parseFloat64, parseInteger } from "../../../base/numerals.ts";

/** Annotation values as Go reads them; what does not parse counts as absent (spec A-074). */

type Annotations = Readonly<Record<string, string>>;

/** The value under the dashed key, else under its camel-case alias. */
export function autoscalingValue(annotations: Annotations, name: string): string | undefined {
  return annotations[AUTOSCALING_PREFIX + name] ?? annotations[AUTOSCALING_PREFIX + camelCase(name)];
}

export function int32Value(annotations: Annotations, name: string): number | undefined {
  return parsed(autoscalingValue(annotations, name), (text) => parseInteger(text, 32));
}

export function floatValue(annotations: Annotations, name: string): number | undefined {
  return parsed(autoscalingValue(annotations, name), parseFloat64);
}

export function durationMsValue(annotations: Annotations, name: string): number | undefined {
  return durationMs(autoscalingValue(annotations, name));
}

/** undefined when it is absent or does not parse. */
export function durationMs(text: string | undefined): number | undefined {
  return parsed(text, (present) => nsToMs(parseDuration(present)));
}

function parsed(text: string | undefined, parse: (text: string) => number): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (thrown) {
    if (thrown instanceof NumeralError || thrown instanceof DurationError) return undefined;
    throw thrown;
  }
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
