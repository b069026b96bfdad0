import { CREATED_AT_COLUMN } from "../age.ts";
import type { Kind } from "../kind.ts";

import { type ApiObject, objectMetaSchema } from "../object.ts";
import { type PolicyRule, RBAC_GROUP, rulesSchema } from "../rbac.ts";
import { object, type Schema, string } from "../schema.ts";

export interface Role extends ApiObject {
  rules?: PolicyRule[];
}

const schema: Schema<Role> = object(
  { metadata: objectMetaSchema },
  { apiVersion: string(), kind: string(), rules: rulesSchema },
) as Schema as Schema<Role>;

export const RoleKind: Kind<Role> = {
  group: RBAC_GROUP,
  version: "v1",
  kind: "Role",
  plural: "roles",
  singular: "role",
  shortNames: [],
  categories: [],
  namespaced: true,
  custom: false,
  statusSubresource: false,
  schema,
  columns: [CREATED_AT_COLUMN],
};
