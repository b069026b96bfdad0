import { methodNotAllowed, unknownResource } from "../failures.ts";
import { formOf } from "./accept.ts";
import { aggregated, apiGroup, type GroupVersions, groupsOf, resourceList } from "./discovery.ts";
import type { ApiResponse, Exchange } from "./exchange.ts";
import { respondToOpenApi } from "./openapi-paths.ts";
import { pageNotFound, respondJson, respondPlain, respondText } from "./respond.ts";
import type { RestContext } from "./rest-context.ts";

/** All paths that name no object: discovery, OpenAPI, version, health (spec E-196, E-197, E-199). */
export async function respondToOther(context: RestContext, exchange: Exchange): Promise<ApiResponse> {
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
  context: RestContext,
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
      return respondToOpenApi(context.openApi, exchange, parts.path);
    default:
      return undefined;
  }
}

async function discovery(
  context: RestContext,
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
