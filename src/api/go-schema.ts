import { fieldsOf } from "./go-types.ts";
import { array, boolean, integer, map, object, type Schema, string } from "./schema.ts";

/** What OpenAPI shows of a type of Go's such as `authorization.v1.UserInfo`; nothing is checked by it. */
export function schemaOfGoType(type: string): Schema {
  const fields = [...fieldsOf(type).values()];
  const schemas = fields.map(({ name, type, isList }) => [
    name,
    isList ? array(schemaOf(type)) : schemaOf(type),
  ]);
  const required = fields.filter(({ omitsEmpty, isPointer }) => !omitsEmpty && !isPointer);
  return object({}, Object.fromEntries(schemas), {
    openApi: { type, required: required.map(({ name }) => name) },
  });
}

function schemaOf(type: string): Schema {
  switch (type) {
    case "text":
      return string();
    case "number":
      return integer({ format: "int64" });
    case "flag":
      return boolean();
    case "time":
      return string({ format: "date-time" });
    case "map:items":
      return map(array(string()));
    default:
      return schemaOfGoType(type);
  }
}
