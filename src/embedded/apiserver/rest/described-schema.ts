import type { Description, Descriptions } from "../../../api/descriptions.ts";
import type { Schema } from "../../../api/schema.ts";

interface HowDescribed {
  readonly types: Descriptions["types"];
  /** As in a CustomResourceDefinition, which has no types: what a type says stands at the field. */
  readonly isCustom: boolean;
}

/** The schema with what is said of it and of all inside; words that it has already stay. */
export function describedSchema(schema: Schema, said: Description, how: HowDescribed): Schema {
  const ends = underlying(said.type ?? "", how);
  const type = how.isCustom && SILENT.has(ends) ? undefined : how.types[ends];
  const description = schema.description ?? (how.isCustom ? definitionText(schema, said, how) : said.text);
  const { fields, items } = schema;
  return {
    ...schema,
    ...(description && { description }),
    ...(type?.text && { openApi: { ...schema.openApi, typeDescription: type.text } }),
    ...(items && { items: describedSchema(items, { type: ends }, how) }),
    ...(fields && { fields: describedFields(fields, type, how) }),
  };
}

function describedFields(
  fields: Readonly<Record<string, Schema>>,
  type: Description | undefined,
  how: HowDescribed,
): Readonly<Record<string, Schema>> {
  const described = Object.entries(fields).map(([name, field]) => {
    return [name, describedSchema(field, type?.fields?.[name] ?? {}, how)];
  });
  return Object.fromEntries(described);
}

/** What a name of a type stands for in the end. */
function underlying(name: string, how: HowDescribed): string {
  const other = how.types[name]?.type;
  return other === undefined ? name : underlying(other, how);
}

/** Types that controller-gen knows by heart, and writes without any words. */
const SILENT = new Set(
  ["ApisMetaV1ObjectMeta", "ApisMetaV1Time", "ApiResourceQuantity", "UtilIntstrIntOrString"].map(
    (name) => `IoK8sApimachineryPkg${name}`,
  ),
);

const VALUES = "\n\nPossible enum values:";

/** What controller-gen writes at a field: the field's words or else its type's, without Kubernetes' list of values. */
function definitionText({ items }: Schema, said: Description, { types }: HowDescribed): string | undefined {
  const { type = "" } = said;
  const own = types[type];
  const isOfWhatIsInside = items !== undefined && own?.type === undefined;
  const ofType = isOfWhatIsInside || SILENT.has(type) ? undefined : own;
  const { text, inDefinitions } = said.text === undefined ? (ofType ?? {}) : said;
  return inDefinitions ?? text?.split(VALUES, 1)[0];
}
