import { type Random, randomInt } from "../../base/random.ts";
import { addressText, type Backend } from "../backend.ts";

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  /** HTTP/2 is spoken there. */
  readonly http2?: boolean;
}

/** A core Service as the gateway sees it (spec G-010). */
export interface ServiceView {
  readonly namespace: string;
  readonly name: string;
  /** Of a Service that only stands for a name. */
  readonly externalName?: string;
  readonly ports: readonly ServicePort[];
}

/** Ready addresses behind one named port of a Service. */
export interface EndpointPort {
  readonly name: string;
  readonly backends: readonly Backend[];
}

/** A port of a Service, as a rule names it. */
export interface ServiceTarget {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | string;
}

/** Which addresses stand behind a Service's port: told by the shell, looked up for each request. */
export class BackendTable {
  readonly #services = new Map<string, ServiceView>();
  readonly #endpoints = new Map<string, readonly EndpointPort[]>();
  /** Addresses that were told to drain before the API says so. */
  readonly #draining = new Set<string>();

  setService(view: ServiceView): void {
    this.#services.set(`${view.namespace}/${view.name}`, view);
  }

  deleteService(namespace: string, name: string): void {
    this.#services.delete(`${namespace}/${name}`);
  }

  setEndpoints(namespace: string, name: string, ports: readonly EndpointPort[]): void {
    const before = this.#endpoints.get(`${namespace}/${name}`) ?? [];
    this.#endpoints.set(`${namespace}/${name}`, ports);
    this.#forgetGone(before);
  }

  deleteEndpoints(namespace: string, name: string): void {
    const before = this.#endpoints.get(`${namespace}/${name}`) ?? [];
    this.#endpoints.delete(`${namespace}/${name}`);
    this.#forgetGone(before);
  }

  /** Gets no request from now on; an address with a new pod's uid is not meant. */
  drain(backend: Backend): void {
    this.#draining.add(drainKey(backend));
    // Notes about pods that no Endpoints ever listed would stay for ever.
    const [oldest] = this.#draining;
    if (this.#draining.size > DRAINING_MAX && oldest !== undefined) this.#draining.delete(oldest);
  }

  /** A note about a draining pod is kept until no Endpoints list it any more. */
  #forgetGone(before: readonly EndpointPort[]): void {
    if (this.#draining.size === 0) return;
    const noted = before
      .flatMap(({ backends }) => backends.map(drainKey))
      .filter((key) => this.#draining.has(key));
    if (noted.length === 0) return;
    const listed = new Set<string>();
    for (const ports of this.#endpoints.values()) {
      for (const { backends } of ports) for (const backend of backends) listed.add(drainKey(backend));
    }
    for (const key of noted) if (!listed.has(key)) this.#draining.delete(key);
  }

  /** One of the ready addresses at random; undefined when there is none. `except` were tried already. */
  pick(target: ServiceTarget, random: Random, except: readonly Backend[] = []): Backend | undefined {
    const key = `${target.namespace}/${target.service}`;
    const port = this.#portOf(key, target.port);
    if (port === undefined) return undefined;
    const endpoints = this.#endpoints.get(key) ?? [];
    const behind = endpoints.find(({ name }) => name === port.name) ?? onlyOne(endpoints);
    if (behind === undefined) return undefined;
    return this.#pickOpen(behind.backends, random, except);
  }

  /** The name that the Service stands for; undefined when it has addresses of its own. */
  externalNameOf({ namespace, service }: ServiceTarget): string | undefined {
    return this.#services.get(`${namespace}/${service}`)?.externalName;
  }

  /** Whether the Service's port is spoken to in HTTP/2, whoever stands behind it. */
  speaksHttp2({ namespace, service, port }: ServiceTarget): boolean {
    return this.#portOf(`${namespace}/${service}`, port)?.http2 === true;
  }

  #pickOpen(backends: readonly Backend[], random: Random, except: readonly Backend[]): Backend | undefined {
    if (this.#draining.size === 0 && except.length === 0) return backends[randomInt(random, backends.length)];
    const open = backends.filter(
      (backend) => !this.#draining.has(drainKey(backend)) && !except.includes(backend),
    );
    return open[randomInt(random, open.length)];
  }

  #portOf(key: string, port: number | string): ServicePort | undefined {
    const ports = this.#services.get(key)?.ports;
    return ports?.find((candidate) => candidate.port === port || candidate.name === port);
  }
}

const DRAINING_MAX = 10_000;

/** A Service with one nameless port has Endpoints with one nameless port. */
function onlyOne(endpoints: readonly EndpointPort[]): EndpointPort | undefined {
  return endpoints.length === 1 ? endpoints[0] : undefined;
}

function drainKey(backend: Backend): string {
  return `${addressText(backend)}/${backend.podUid ?? ""}`;
}
