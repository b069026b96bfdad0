import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KINDS } from "../../../api/kinds.ts";
import type { Schema } from "../../../api/schema.ts";
import { VIEWS } from "../../../api/views.ts";
import { Resources } from "../resources.ts";
import { openApiDocument } from "./openapi.ts";

const resources = new Resources(KINDS, [], VIEWS).all;
type Json = Record<string, unknown>;
type Schemas = Readonly<Record<string, Json & { properties?: Record<string, Json>; required?: string[] }>>;

function schemasOf(group: string, version: string): Schemas {
  const chosen = resources.filter((one) => one.group === group && one.version === version);
  return (openApiDocument(chosen, 3).components as { schemas: Schemas }).schemas;
}

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => (key === "$ref" ? [String(one)] : refsIn(one)));
}

function namedIn(schema: Schema): Schema[] {
  const inside = [...Object.values(schema.fields ?? {}), ...(schema.items ? [schema.items] : [])];
  return [...(schema.openApi?.type === undefined ? [] : [schema]), ...inside.flatMap(namedIn)];
}

describe("an OpenAPI document", () => {
  for (const version of [2, 3] as const)
    test(`refers only to types that it has, in version ${version}`, () => {
      const document = openApiDocument(resources, version);
      const schemas =
        version === 2 ? document.definitions : (document.components as { schemas: object }).schemas;
      const prefix = version === 2 ? "#/definitions/" : "#/components/schemas/";
      const refs = new Set(refsIn(document));
      assert.ok(refs.size > 100);
      for (const ref of refs) assert.ok(Object.hasOwn(schemas as object, ref.slice(prefix.length)), ref);
    });

  test("names the types of a built-in kind as Kubernetes does", () => {
    const schemas = schemasOf("apps", "v1");
    const spec = schemas["io.k8s.api.apps.v1.DeploymentSpec"];
    assert.deepEqual(spec?.required, ["selector", "template"]);
    const ref = (name: string) => ({ $ref: `#/components/schemas/io.k8s.${name}` });
    assert.deepEqual(spec?.properties?.selector, ref("apimachinery.pkg.apis.meta.v1.LabelSelector"));
    assert.deepEqual(spec?.properties?.strategy, ref("api.apps.v1.DeploymentStrategy"));
    const container = schemas["io.k8s.api.core.v1.Container"]?.properties;
    assert.deepEqual(container?.readinessProbe, {
      allOf: [ref("api.core.v1.Probe")],
      description: "While it fails, the pod gets no requests.",
    });
    assert.deepEqual(container?.imagePullPolicy?.enum, ["Always", "IfNotPresent", "Never"]);
    const limits = schemas["io.k8s.api.core.v1.ResourceRequirements"]?.properties?.limits;
    assert.deepEqual(limits?.additionalProperties, ref("apimachinery.pkg.api.resource.Quantity"));
  });

  test("writes a Knative kind out where it stands, as one of a definition", () => {
    const service = schemasOf("serving.knative.dev", "v1")["dev.knative.serving.v1.Service"];
    assert.deepEqual(refsIn(service), [
      "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    ]);
  });

  test("gives each version of a kind types of its own", () => {
    const v1 = schemasOf("autoscaling", "v1")["io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec"];
    const v2 = schemasOf("autoscaling", "v2")["io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec"];
    assert.ok(v1?.properties?.targetCPUUtilizationPercentage);
    assert.ok(v2?.properties?.metrics);
  });
});

test("a type's name stands for one shape in all kinds", () => {
  const shapes = new Map<string, object>();
  const schemas = [...KINDS, ...VIEWS.map((view) => view.kind)].map(({ schema }) => schema);
  for (const { openApi, description: _, default: __, alwaysWritten: ___, ...shape } of schemas.flatMap(
    namedIn,
  )) {
    const name = openApi?.type ?? "";
    const known = shapes.get(name);
    if (known === undefined) shapes.set(name, { ...shape, required: openApi?.required ?? shape.required });
    else assert.deepEqual({ ...shape, required: openApi?.required ?? shape.required }, known, name);
  }
  assert.ok(shapes.size > 80, String(shapes.size));
});
