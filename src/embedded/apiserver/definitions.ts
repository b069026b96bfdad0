import {
  type CustomResourceDefinition,
  CustomResourceDefinitionKind,
  type DefinitionNames,
  type PrinterColumn,
} from "../../api/custom-resource-definition/kind.ts";
import type { Column, Kind } from "../../api/kind.ts";
import type { KubeClient } from "../../kube/client.ts";
import { timeText } from "../../kube/time.ts";
import { sameJson } from "./any-object.ts";
import { toOpenApi } from "./rest/openapi.ts";

/**
 * One CustomResourceDefinition for each kind that a cluster would serve from one, so that tools and Knative's upgrade
 * test find them (spec E-194, E-216). They tell what is served; nothing is read back from them.
 */
export async function publishDefinitions(
  client: KubeClient,
  kinds: readonly Kind[],
  nowMs: number,
): Promise<void> {
  const { items } = await client.list(CustomResourceDefinitionKind);
  const stored = new Map(items.map((item) => [item.metadata.name, item]));
  const wanted = kinds.filter(({ custom }) => custom).map((kind) => definitionOf(kind, nowMs));
  await Promise.all(
    wanted.map((one) => {
      const old = stored.get(one.metadata.name ?? "");
      if (!old) return client.create(CustomResourceDefinitionKind, one);
      const labels = { ...old.metadata.labels, ...one.metadata.labels };
      if (sameJson(old.spec, one.spec) && sameJson(old.metadata.labels, labels)) return undefined;
      const renewed = { ...old, metadata: { ...old.metadata, labels }, spec: one.spec };
      return client.update(CustomResourceDefinitionKind, renewed);
    }),
  );
}

/** What others may do with a kind without knowing it: call its objects' address, change their pods (A-001…A-004). */
const DUCKS: Readonly<Record<string, readonly string[]>> = {
  "services.serving.knative.dev": ["addressable", "podspecable"],
  "configurations.serving.knative.dev": ["podspecable"],
  "routes.serving.knative.dev": ["addressable"],
};

function labelsOf(kind: Kind): Record<string, string> {
  const ducks = DUCKS[`${kind.plural}.${kind.group}`] ?? [];
  return {
    "app.kubernetes.io/name": "knative-serving",
    "knative.dev/crd-install": "true",
    ...Object.fromEntries(ducks.map((duck) => [`duck.knative.dev/${duck}`, "true"])),
  };
}

function namesOf(kind: Kind): DefinitionNames {
  return {
    plural: kind.plural,
    singular: kind.singular,
    ...(kind.shortNames.length > 0 ? { shortNames: [...kind.shortNames] } : {}),
    kind: kind.kind,
    listKind: `${kind.kind}List`,
    ...(kind.categories.length > 0 ? { categories: [...kind.categories] } : {}),
  };
}

function definitionOf(kind: Kind, nowMs: number): CustomResourceDefinition {
  const names = namesOf(kind);
  const columns = kind.columns.flatMap(printerColumn);
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: "True" as const,
    lastTransitionTime: timeText(nowMs),
    reason,
    message,
  });
  return {
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      labels: labelsOf(kind),
    },
    spec: {
      group: kind.group,
      names,
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schemaOf(kind) },
          ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
          ...(columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
        },
      ],
      conversion: { strategy: "None" },
    },
    status: {
      conditions: [
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
      ],
      acceptedNames: names,
      storedVersions: [kind.version],
    },
  };
}

function schemaOf(kind: Kind): object {
  const { metadata: _, ...fields } = kind.schema.fields ?? {};
  return toOpenApi({ ...kind.schema, fields });
}

function printerColumn({ name, type, value, priority }: Column): PrinterColumn[] {
  if (typeof value !== "string") return [];
  return [{ name, type, ...(priority ? { priority } : {}), jsonPath: value }];
}
