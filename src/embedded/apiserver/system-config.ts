import type { Config, ConfigChoices } from "../../api/config/config.ts";
import { LiveConfig } from "../../api/config/live-config.ts";
import { type ConfigMap, ConfigMapKind } from "../../api/config-map/kind.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient, WatchEvent } from "../../kube/client.ts";

const SYSTEM_NAMESPACE = "knative-serving";

/**
 * The configuration in force, as the ConfigMaps of the system namespace say; Knative's defaults until they are read. A
 * ConfigMap that cannot be read keeps its last good contents.
 */
export class SystemConfig {
  readonly #config: LiveConfig;
  readonly #log: Log;
  readonly #maps = new Map<string, Record<string, string>>();

  constructor(choices: ConfigChoices, log: Log) {
    this.#config = new LiveConfig(choices);
    this.#log = log;
  }

  get current(): Config {
    return this.#config.current;
  }

  /** Reads what there is and follows changes until `signal` aborts; resolves when the first reading is in force. */
  async follow(client: KubeClient, signal: AbortSignal): Promise<void> {
    const selection = { namespace: SYSTEM_NAMESPACE };
    const { items, resourceVersion } = await client.list(ConfigMapKind, selection);
    this.#maps.clear();
    for (const map of items) this.#learn(map);
    this.#apply();
    const onEvent = (event: WatchEvent<ConfigMap>) => {
      if (event.type === "BOOKMARK") return;
      if (event.type === "DELETED") this.#maps.delete(event.object.metadata.name);
      else this.#learn(event.object);
      this.#apply();
    };
    client.watch(ConfigMapKind, { ...selection, resourceVersion }, onEvent, signal).catch((thrown) => {
      this.#log.warn("the watch of the system's ConfigMaps broke; reading them again", {
        why: messageOf(thrown),
      });
      return this.follow(client, signal);
    });
  }

  #learn({ metadata, data = {} }: ConfigMap): void {
    this.#maps.set(metadata.name ?? "", data);
  }

  #apply(): void {
    for (const { name, why } of this.#config.replace(this.#maps))
      this.#log.error("a ConfigMap cannot be read; its last good contents stay in force", { name, why });
  }
}
