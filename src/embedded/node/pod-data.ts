import { type ConfigMap, ConfigMapKind } from "../../api/config-map/kind.ts";
import type { Kind } from "../../api/kind.ts";
import type { ApiObject } from "../../api/object.ts";
import { type Secret, SecretKind } from "../../api/secret/kind.ts";
import { isApiError } from "../../api/status.ts";
import { EbbError } from "../../base/errors.ts";
import type { KubeClient } from "../../kube/client.ts";

/** A ConfigMap, Secret or key that a container needs does not exist: reason CreateContainerConfigError. */
export class EnvError extends EbbError {
  constructor(message: string) {
    super("container-config", message);
  }
}

export type DataKind = "configmap" | "secret";

/** What a ConfigMap or Secret holds, by key. */
export type Values = ReadonlyMap<string, Buffer>;

/** ConfigMaps and Secrets of one namespace, each read once: one of these is made for one look. */
export class PodData {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #known = new Map<string, Promise<Values | undefined>>();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** undefined = it does not exist. */
  find(kind: DataKind, name: string): Promise<Values | undefined> {
    const id = `${kind}/${name}`;
    let known = this.#known.get(id);
    if (!known) {
      known =
        kind === "secret"
          ? this.#get<Secret>(SecretKind, name).then((found) => found && valuesOfSecret(found))
          : this.#get<ConfigMap>(ConfigMapKind, name).then((found) => found && valuesOfMap(found));
      this.#known.set(id, known);
    }
    return known;
  }

  /** Rejects with EnvError when it does not exist, unless it is optional. */
  async all(kind: DataKind, name: string, isOptional: boolean | undefined): Promise<Values> {
    const found = await this.find(kind, name);
    if (found || isOptional) return found ?? new Map();
    throw new EnvError(`${kind} "${name}" not found`);
  }

  /** undefined when it is optional and not there. Rejects with EnvError. */
  async value(
    kind: DataKind,
    { name = "", key, optional }: { name?: string; key: string; optional?: boolean },
  ): Promise<string | undefined> {
    const value = (await this.all(kind, name, optional)).get(key);
    if (value !== undefined || optional) return value?.toString();
    const shown = kind === "secret" ? "Secret" : "ConfigMap";
    throw new EnvError(`couldn't find key ${key} in ${shown} ${this.#namespace}/${name}`);
  }

  async #get<T extends ApiObject>(kind: Kind<T>, name: string): Promise<T | undefined> {
    try {
      return await this.#client.get(kind, { namespace: this.#namespace, name });
    } catch (thrown) {
      if (isApiError(thrown, "NotFound")) return undefined;
      throw thrown;
    }
  }
}

function valuesOfSecret({ data = {} }: Secret): Values {
  return new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64")]));
}

function valuesOfMap({ data = {}, binaryData = {} }: ConfigMap): Values {
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, "base64")] as const),
  ]);
}
