import type { HeaderBlock } from "../../http/header-block.ts";

/**
 * Which rule a request falls under: pure, immutable, swapped as a whole when the rules change. Hosts are found by one
 * look-up; the paths of a host are tried in the order in which the Ingresses list them (spec G-004…G-006).
 */

/** "public": ExternalIP; "private": ClusterLocal (spec G-017). */
export type Visibility = "public" | "private";

export interface RoutePath {
  /** Literal prefix; "" = every path. */
  readonly prefix: string;
  /** All must be there with exactly that value; names in lower case. */
  readonly headers: readonly HeaderMatch[];
  /** Set on the request, whatever the client sent, before the split (spec G-008). */
  readonly setHeaders: readonly HeaderLine[];
  readonly rewriteHost: string | undefined;
  /**
   * Of the Ingress this path comes from. A request with `K-Network-Hash: override` carries it on to the backend, which
   * echoes it: so a probe sees exactly the rules that are in force (spec G-021, G-022).
   */
  readonly hash: string;
  readonly splits: readonly Split[];
  /** Plain HTTP is sent on to https (spec G-015). */
  readonly redirectsToHttps?: boolean;
}

export interface HeaderMatch {
  readonly lowerName: string;
  readonly value: string;
}

export interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

/** One target of a path: a port of a Service, with its share of the requests. */
export interface Split {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
  readonly percent: number;
  /** Set on the request after the choice (spec G-008). */
  readonly setHeaders: readonly HeaderLine[];
}

export interface HostRule {
  readonly hosts: readonly string[];
  readonly visibility: Visibility;
  readonly paths: readonly RoutePath[];
}

export class RouteTable {
  readonly #paths: Record<Visibility, Map<string, RoutePath[]>> = {
    public: new Map(),
    private: new Map(),
  };

  /** Where two rules have the same host, the paths of the earlier one come first. */
  constructor(rules: readonly HostRule[]) {
    for (const { hosts, visibility, paths } of rules) {
      for (const host of hosts) {
        const known = this.#paths[visibility].get(host.toLowerCase());
        if (known) known.push(...paths);
        else this.#paths[visibility].set(host.toLowerCase(), [...paths]);
      }
    }
  }

  /** The first path whose prefix and headers all fit; "unknown-host" or "no-path" when there is none. */
  find(listener: Visibility, request: RequestFacts): RoutePath | "unknown-host" | "no-path" {
    const paths = this.#paths[listener].get(hostName(request.host));
    if (paths === undefined) return "unknown-host";
    return paths.find((path) => fits(path, request)) ?? "no-path";
  }
}

export interface RequestFacts {
  /** Host field, with or without a port. */
  readonly host: string;
  /** Request target, query included. */
  readonly target: string;
  readonly headers: HeaderBlock;
}

/** Lower case, without port and without the dot of a fully qualified name. */
export function hostName(host: string): string {
  let end = host.length;
  const colon = host.lastIndexOf(":");
  if (colon > host.lastIndexOf("]")) end = colon;
  if (end > 1 && host[end - 1] === ".") end -= 1;
  return host.slice(0, end).toLowerCase();
}

function fits(path: RoutePath, request: RequestFacts): boolean {
  if (!request.target.startsWith(path.prefix)) return false;
  return path.headers.every(({ lowerName, value }) => request.headers.get(lowerName) === value);
}
