import { createHash } from "node:crypto";
import type { Descriptions } from "../../../api/descriptions.ts";
import type { Resource, Resources } from "../resources.ts";
import { groupsOf } from "./discovery.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { openApiDocument } from "./openapi.ts";
import { OPENAPI_V2_PROTOBUF, OPENAPI_V2_TYPE, openApiProtobuf } from "./openapi-protobuf.ts";
import { respondJson, respondText } from "./respond.ts";

/** The documents of all that is served. Few ask for them, so none is kept; only their hashes are. */
export class OpenApiDocuments {
  readonly #resources: Resources;
  readonly #descriptions: () => Descriptions;
  #index: string | undefined;

  /** `descriptions` is asked for each document. */
  constructor(resources: Resources, descriptions: () => Descriptions) {
    this.#resources = resources;
    this.#descriptions = descriptions;
  }

  /** Paths of the documents of version 3, each with the hash by which clients know that theirs is still right. */
  get index(): string {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }

  version2(): Readonly<Record<string, unknown>> {
    const all = [...this.#groupVersions().values()].flat();
    return openApiDocument(all, { version: 2, said: this.#descriptions() });
  }

  /** `path` is as in the index, `apis/apps/v1`; undefined when there is no such document. */
  version3(path: string): Readonly<Record<string, unknown>> | undefined {
    const resources = this.#groupVersions().get(path);
    return resources && openApiDocument(resources, { version: 3, said: this.#descriptions() });
  }

  #makeIndex(): string {
    const said = this.#descriptions();
    const paths = [...this.#groupVersions()].map(([path, resources]) => {
      const text = JSON.stringify(openApiDocument(resources, { version: 3, said }));
      const hash = createHash("sha512").update(text).digest("hex").toUpperCase();
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
    });
    return JSON.stringify({ paths: Object.fromEntries(paths) });
  }

  #groupVersions(): ReadonlyMap<string, readonly Resource[]> {
    return new Map(
      groupsOf(this.#resources).flatMap(({ group, versions }) =>
        versions.map(({ version, resources }) => {
          return [group === "" ? `api/${version}` : `apis/${group}/${version}`, resources] as const;
        }),
      ),
    );
  }
}

/** undefined for a path that leads to no version. */
export async function respondToOpenApi(
  documents: OpenApiDocuments,
  exchange: Exchange,
  path: string,
): Promise<ApiResponse | undefined> {
  if (path === "/openapi/v2") return respondSwagger(exchange, documents.version2());
  if (path === "/openapi/v3") {
    const type = "text/plain; charset=utf-8";
    return respondText(exchange, { status: 200, text: documents.index, type });
  }
  if (!path.startsWith("/openapi/v3/")) return undefined;
  const document = documents.version3(path.slice("/openapi/v3/".length));
  if (!document) return { status: 404, headers: { "content-type": "application/json" }, body: "" };
  return respondJson(exchange, 200, document);
}

function respondSwagger(
  exchange: Exchange,
  document: Readonly<Record<string, unknown>>,
): Promise<ApiResponse> | ApiResponse {
  if (!exchange.request.headers.accept?.includes(OPENAPI_V2_PROTOBUF))
    return respondJson(exchange, 200, document);
  const bytes = openApiProtobuf(document);
  return {
    status: 200,
    headers: { "content-type": OPENAPI_V2_TYPE },
    body: (async function* () {
      yield bytes;
    })(),
  };
}
