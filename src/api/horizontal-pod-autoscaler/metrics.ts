/** What a HorizontalPodAutoscaler may go by, what it saw, and how fast it may act: the shapes. */
import { labelSelectorSchema } from "../label-selector.ts";
import { array, integer, intOrString, object, type Schema, string } from "../schema.ts";

const int32 = integer({ format: "int32" });
const quantity = intOrString({ format: "quantity" });

/** Validation refuses what is missing, in its own words. */
function shape<F extends Readonly<Record<string, Schema>>>(
  type: string,
  fields: F,
  required: readonly string[],
) {
  return object({}, fields, { openApi: { type: `autoscaling.v2.${type}`, required } });
}

export const targetReferenceSchema = object(
  {},
  { kind: string(), name: string(), apiVersion: string() },
  {
    mapType: "atomic",
    openApi: { type: "autoscaling.v2.CrossVersionObjectReference", required: ["kind", "name"] },
  },
);

const identifierSchema = shape("MetricIdentifier", { name: string(), selector: labelSelectorSchema }, [
  "name",
]);

const target = shape(
  "MetricTarget",
  { type: string(), value: quantity, averageValue: quantity, averageUtilization: int32 },
  ["type"],
);

const current = shape(
  "MetricValueStatus",
  { value: quantity, averageValue: quantity, averageUtilization: int32 },
  [],
);

/** The five sources, as they are wanted (Source, target) and as they were seen (Status, current). */
function sources<F extends Readonly<Record<string, Schema>>>(word: "Source" | "Status", value: F) {
  const values = Object.keys(value);
  const one = <G extends Readonly<Record<string, Schema>>>(type: string, fields: G) =>
    shape(`${type}Metric${word}`, { ...fields, ...value }, [...Object.keys(fields), ...values]);
  return {
    object: one("Object", { describedObject: targetReferenceSchema, metric: identifierSchema }),
    pods: one("Pods", { metric: identifierSchema }),
    resource: one("Resource", { name: string() }),
    containerResource: one("ContainerResource", { container: string(), name: string() }),
    external: one("External", { metric: identifierSchema }),
  };
}

export const metricSchema = shape("MetricSpec", { type: string(), ...sources("Source", { target }) }, [
  "type",
]);

export const metricStatusSchema = shape(
  "MetricStatus",
  { type: string(), ...sources("Status", { current }) },
  ["type"],
);

const rulesSchema = shape(
  "HPAScalingRules",
  {
    policies: array(
      shape("HPAScalingPolicy", { type: string(), value: int32, periodSeconds: int32 }, [
        "periodSeconds",
        "type",
        "value",
      ]),
      { listType: "atomic" },
    ),
    selectPolicy: string(),
    stabilizationWindowSeconds: integer({
      format: "int32",
    }),
    tolerance: quantity,
  },
  [],
);

export const behaviorSchema = shape(
  "HorizontalPodAutoscalerBehavior",
  { scaleDown: rulesSchema, scaleUp: rulesSchema },
  [],
);
