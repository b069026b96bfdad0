import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Descriptions } from "../../../api/descriptions.ts";
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
  return (openApiDocument(chosen, { version: 3 }).components as { schemas: Schemas }).schemas;
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
      const document = openApiDocument(resources, { version });
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
    assert.deepEqual(container?.readinessProbe, ref("api.core.v1.Probe"));
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

  test("says what a field is for where it stands, and what its type is where that is written", () => {
    const said: Descriptions = {
      kinds: { "v1/Pod": "Pod", "v1/Service": "Svc" },
      types: {
        Pod: { text: "A pod.", fields: { metadata: { text: "Name and more." }, spec: { type: "PodSpec" } } },
        PodSpec: { text: "What runs.", fields: { containers: { text: "All of them.", type: "Container" } } },
        Container: { text: "A program.", fields: { name: { text: "Its name." } } },
      },
    };
    for (const version of [2, 3] as const) {
      const document = openApiDocument(resources, { version, said });
      const schemas = (document.definitions ?? (document.components as Json).schemas) as Schemas;
      const pod = schemas["io.k8s.api.core.v1.Pod"];
      const spec = schemas["io.k8s.api.core.v1.PodSpec"];
      const container = schemas["io.k8s.api.core.v1.Container"];
      assert.equal(pod?.description, "A pod.");
      assert.equal(pod?.properties?.metadata?.description, "Name and more.");
      assert.equal(spec?.description, "What runs.");
      assert.equal(spec?.properties?.containers?.description, "All of them.");
      assert.equal(container?.description, "A program.");
      assert.equal(container?.properties?.name?.description, "Its name.");
    }
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
