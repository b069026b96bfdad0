import { createHash } from "node:crypto";
import type { ServerContext } from "../context.ts";
import { methodNotAllowed, unknownResource } from "../failures.ts";
import { formOf } from "./accept.ts";
import { aggregated, apiGroup, type GroupVersions, groupsOf, resourceList } from "./discovery.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { openApiDocument } from "./openapi.ts";
import { OPENAPI_V2_PROTOBUF, OPENAPI_V2_TYPE, openApiProtobuf } from "./openapi-protobuf.ts";
import { pageNotFound, respondJson, respondPlain, respondText } from "./respond.ts";

/** All paths that name no object: discovery, OpenAPI, version, health (spec E-196, E-197, E-199). */
export async function respondToOther(context: ServerContext, exchange: Exchange): Promise<ApiResponse> {
  const path = exchange.path.replace(/(.)\/$/, "$1");
  const [, first = "", second, third, ...more] = path.split("/");
  const found = await answer(context, exchange, { path, first, second, third, more });
  return found ?? pageNotFound();
}

interface Parts {
  readonly path: string;
  readonly first: string;
  readonly second: string | undefined;
  readonly third: string | undefined;
  readonly more: readonly string[];
}

const VERSION = {
  major: "1",
  minor: "34",
  gitVersion: "v1.34.4",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: `${process.platform}/${process.arch}`,
};

async function answer(
  context: ServerContext,
  exchange: Exchange,
  parts: Parts,
): Promise<ApiResponse | undefined> {
  const { first, second } = parts;
  switch (first) {
    case "healthz":
    case "livez":
    case "readyz":
      return second === undefined || second === "ping" || second === "etcd"
        ? respondPlain(200, "ok")
        : undefined;
    case "version":
      return second === undefined ? respondJson(exchange, 200, VERSION) : undefined;
    case "api":
    case "apis":
      return discovery(context, exchange, parts);
    case "openapi":
      return openApi(context, exchange, parts);
    default:
      return undefined;
  }
}

async function discovery(
  context: ServerContext,
  exchange: Exchange,
  parts: Parts,
): Promise<ApiResponse | undefined> {
  const groups = groupsOf(context.resources);
  const core = parts.first === "api";
  if (parts.second === undefined) return roots(exchange, groups, core);
  const group = core ? "" : parts.second;
  const version = core ? parts.second : parts.third;
  const known = groups.find((one) => one.group === group);
  if (!known) return undefined;
  if (exchange.request.method !== "GET") throw methodNotAllowed();
  if (version === undefined) {
    const text = JSON.stringify({ kind: "APIGroup", apiVersion: "v1", ...apiGroup(known) });
    return respondText(exchange, { status: 200, text, form: formOf(exchange.request.headers.accept, true) });
  }
  const served = known.versions.find((one) => one.version === version);
  const rest = core ? parts.third : parts.more[0];
  if (served && rest === undefined) {
    const groupVersion = group === "" ? version : `${group}/${version}`;
    const text = JSON.stringify(resourceList(served.resources, groupVersion));
    return respondText(exchange, { status: 200, text, form: formOf(exchange.request.headers.accept, true) });
  }
  if (known.versions.some(({ resources }) => resources.some(({ kind }) => kind.custom))) return undefined;
  throw unknownResource();
}

async function roots(
  exchange: Exchange,
  groups: readonly GroupVersions[],
  core: boolean,
): Promise<ApiResponse> {
  const form = formOf(exchange.request.headers.accept, true);
  if (form.as === "APIGroupDiscoveryList") {
    const mine = groups.filter(({ group }) => (group === "") === core);
    const type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    return respondText(exchange, { status: 200, text: JSON.stringify(aggregated(mine)), type });
  }
  const named = groups.filter(({ group }) => group !== "");
  const body = core
    ? { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }
    : { kind: "APIGroupList", apiVersion: "v1", groups: named.map(apiGroup) };
  return respondText(exchange, { status: 200, text: JSON.stringify(body), form });
}

async function openApi(
  context: ServerContext,
  exchange: Exchange,
  { path, second }: Parts,
): Promise<ApiResponse | undefined> {
  const groups = groupsOf(context.resources);
  const documents = groups.flatMap(({ group, versions }) =>
    versions.map(({ version, resources }) => ({
      path: group === "" ? `api/${version}` : `apis/${group}/${version}`,
      resources,
    })),
  );
  if (second === "v2" && path === "/openapi/v2") {
    const all = documents.flatMap((document) => document.resources);
    return respondSwagger(exchange, openApiDocument(all, 2));
  }
  if (second !== "v3") return undefined;
  if (path === "/openapi/v3") {
    const paths = documents.map((document) => {
      const text = JSON.stringify(openApiDocument(document.resources, 3));
      const hash = createHash("sha512").update(text).digest("hex").toUpperCase();
      return [document.path, { serverRelativeURL: `/openapi/v3/${document.path}?hash=${hash}` }];
    });
    return respondText(exchange, {
      status: 200,
      text: JSON.stringify({ paths: Object.fromEntries(paths) }),
      type: "text/plain; charset=utf-8",
    });
  }
  const wanted = documents.find((document) => path === `/openapi/v3/${document.path}`);
  if (!wanted) return { status: 404, headers: { "content-type": "application/json" }, body: "" };
  return respondJson(exchange, 200, openApiDocument(wanted.resources, 3));
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
