import type { HeaderBlock } from "../../http/header-block.ts";

/**
 * Which rule a request falls under. The rules of one Ingress are replaced all at once, at a cost that does not depend
 * on how many others there are. Hosts are found by one look-up; the paths of a host are tried in the order in which the
 * Ingresses list them (spec G-004…G-006).
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

/** What one rule gives to each of its hosts. */
interface Part {
  readonly source: string;
  /** Older sources come first. */
  readonly age: number;
  readonly paths: readonly RoutePath[];
}

interface Source {
  readonly age: number;
  readonly rules: readonly HostRule[];
}

export class RouteTable {
  readonly #sources = new Map<string, Source>();
  readonly #parts: Record<Visibility, Map<string, readonly Part[]>> = {
    public: new Map(),
    private: new Map(),
  };
  #lastAge = 0;

  /**
   * From the next request on these are the rules of `source`. Where several have the same host, the paths of the one
   * that has been here for longest come first.
   */
  set(source: string, rules: readonly HostRule[]): void {
    const age = this.#sources.get(source)?.age ?? ++this.#lastAge;
    this.delete(source);
    this.#sources.set(source, { age, rules });
    for (const { hosts, visibility, paths } of rules) {
      const part: Part = { source, age, paths };
      for (const host of hosts) this.#add(visibility, host.toLowerCase(), part);
    }
  }

  delete(source: string): void {
    for (const { hosts, visibility } of this.#sources.get(source)?.rules ?? [])
      for (const host of hosts) this.#remove(visibility, host.toLowerCase(), source);
    this.#sources.delete(source);
  }

  /** The first path whose prefix and headers all fit; "unknown-host" or "no-path" when there is none. */
  find(listener: Visibility, request: RequestFacts): RoutePath | "unknown-host" | "no-path" {
    const parts = this.#parts[listener].get(hostName(request.host));
    if (parts === undefined) return "unknown-host";
    for (const { paths } of parts) for (const path of paths) if (fits(path, request)) return path;
    return "no-path";
  }

  #add(visibility: Visibility, host: string, part: Part): void {
    const known = this.#parts[visibility].get(host) ?? [];
    const next = known.findIndex(({ age }) => age > part.age);
    const at = next < 0 ? known.length : next;
    this.#parts[visibility].set(host, [...known.slice(0, at), part, ...known.slice(at)]);
  }

  #remove(visibility: Visibility, host: string, source: string): void {
    const left = (this.#parts[visibility].get(host) ?? []).filter((part) => part.source !== source);
    if (left.length === 0) this.#parts[visibility].delete(host);
    else this.#parts[visibility].set(host, left);
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
