import { type Config, type ConfigChoices, defaultConfig, parseConfig } from "../../api/config/config.ts";
import { type ConfigMap, ConfigMapKind } from "../../api/config-map/kind.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { KubeClient, WatchEvent } from "../../kube/client.ts";

const SYSTEM_NAMESPACE = "knative-serving";

/**
 * The configuration in force, as the ConfigMaps of the system namespace say; Knative's defaults until they are read. A
 * ConfigMap that cannot be read leaves the last good configuration in force.
 */
export class SystemConfig {
  readonly #choices: ConfigChoices;
  readonly #log: Log;
  readonly #maps = new Map<string, Record<string, string>>();
  #current: Config;

  constructor(choices: ConfigChoices, log: Log) {
    this.#choices = choices;
    this.#log = log;
    this.#current = defaultConfig(choices);
  }

  get current(): Config {
    return this.#current;
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
    try {
      this.#current = parseConfig(Object.fromEntries(this.#maps), this.#choices);
    } catch (thrown) {
      this.#log.error(
        "a ConfigMap of knative-serving cannot be read; the last good configuration stays in force",
        {
          why: messageOf(thrown),
        },
      );
    }
  }
}
