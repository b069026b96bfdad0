import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NO_DESCRIPTIONS } from "../../../api/descriptions.ts";
import { KINDS } from "../../../api/kinds.ts";
import { Resources } from "../resources.ts";
import { OpenApiDocuments } from "./openapi-paths.ts";

describe("OpenAPI documents", () => {
  let asked = 0;
  const documents = new OpenApiDocuments(new Resources(KINDS), () => {
    asked += 1;
    return NO_DESCRIPTIONS;
  });

  test("are listed with hashes, which are made once", () => {
    const { paths } = JSON.parse(documents.index);
    assert.match(
      paths["apis/apps/v1"].serverRelativeURL,
      /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/,
    );
    assert.ok(paths["api/v1"]);
    assert.equal(
      JSON.parse(documents.index).paths["api/v1"].serverRelativeURL,
      paths["api/v1"].serverRelativeURL,
    );
    assert.equal(asked, 1);
  });

  test("are there for each path of the list, and for no other", () => {
    for (const path of Object.keys(JSON.parse(documents.index).paths))
      assert.ok(documents.version3(path), path);
    assert.equal(documents.version3("apis/apps/v2"), undefined);
  });

  test("tell of questions that are only asked, too, in both versions", () => {
    const name = "io.k8s.api.authorization.v1.SelfSubjectAccessReview";
    const { definitions } = documents.version2() as { definitions: Record<string, { required: string[] }> };
    assert.deepEqual(definitions[name]?.required, ["spec"]);
    const { components } = documents.version3("apis/authorization.k8s.io/v1") as {
      components: { schemas: Record<string, { properties: object }> };
    };
    assert.ok("resourceAttributes" in (components.schemas[`${name}Spec`]?.properties ?? {}));
  });
});
