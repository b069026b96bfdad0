import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../api/kinds.ts";
import { VIEWS } from "../api/views.ts";
import { Resources } from "../embedded/apiserver/resources.ts";
import { groupsOf } from "../embedded/apiserver/rest/discovery.ts";
import { openApiDocument } from "../embedded/apiserver/rest/openapi.ts";
import { readDescriptions } from "./descriptions.ts";

interface Shown {
  readonly $ref?: string;
  readonly allOf?: readonly Shown[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Shown>>;
  readonly items?: Shown;
  readonly additionalProperties?: Shown;
}

const TEMPLATE_METADATA = ["", ".annotations", ".finalizers", ".labels", ".name", ".namespace"];

/** Types and fields of which the packages say nothing: most of them have no comment in Go either. */
const SILENT = [
  ...["Configuration", "Service"].flatMap((kind) =>
    TEMPLATE_METADATA.map((field) => `dev.knative.serving.v1.${kind}.spec.template.metadata${field}`),
  ),
  "io.k8s.apimachinery.pkg.api.resource.Quantity",
  "dev.knative.internal.networking.v1alpha1.ClusterDomainClaim.status",
  "dev.knative.internal.networking.v1alpha1.Ingress.spec.rules.http.paths.headers.exact",
  "dev.knative.serving.v1.Revision.status.containerStatuses.imageDigest",
  "dev.knative.serving.v1.Revision.status.containerStatuses.name",
  "dev.knative.serving.v1.Revision.status.initContainerStatuses.imageDigest",
  "dev.knative.serving.v1.Revision.status.initContainerStatuses.name",
  "dev.knative.serving.v1.Route.status.address.url",
  "dev.knative.serving.v1.Service.status.address.url",
  "dev.knative.serving.v1beta1.DomainMapping.status.address.url",
];

test("kubectl explain has words for every kind, type and field of which the packages have any", () => {
  const groups = groupsOf(new Resources(KINDS, [], VIEWS));
  const resources = groups.flatMap(({ versions }) => versions.flatMap((version) => version.resources));
  const { components } = openApiDocument(resources, { version: 3, said: readDescriptions() });
  const { schemas } = components as { schemas: Readonly<Record<string, Shown>> };
  const textOf = ({ description, $ref, allOf }: Shown): string | undefined => {
    const ref = $ref ?? allOf?.[0]?.$ref;
    return description ?? (ref && schemas[ref.slice(ref.lastIndexOf("/") + 1)]?.description);
  };
  const silent: string[] = [];
  let fields = 0;
  const look = (path: string, { properties = {}, items, additionalProperties }: Shown) => {
    for (const [name, field] of Object.entries(properties)) {
      fields += 1;
      if (!textOf(field)) silent.push(`${path}.${name}`);
      look(`${path}.${name}`, field);
    }
    for (const inside of [items, additionalProperties]) if (inside) look(path, inside);
  };
  for (const [name, schema] of Object.entries(schemas)) {
    if (!schema.description) silent.push(name);
    look(name, schema);
  }
  assert.deepEqual(silent.sort(), [...SILENT].sort());
  assert.ok(fields > 1900, `${fields} fields`);
});
