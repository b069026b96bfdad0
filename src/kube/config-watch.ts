import { type Config, type ConfigChoices, defaultConfig, parseConfig } from "../api/config/config.ts";
import { ConfigMapKind } from "../api/config-map/kind.ts";
import { SYSTEM_NAMESPACE } from "../api/names.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ConfigSource } from "./controller.ts";
import type { Informers } from "./informers.ts";

/**
 * The configuration in force for controllers, from the ConfigMaps of the system namespace (spec A-172). One that
 * cannot be read is logged and ignored: the last good configuration stays.
 */
export class ConfigWatch implements ConfigSource<Config> {
  readonly #informers: Informers;
  readonly #choices: ConfigChoices;
  readonly #log: Log;
  readonly #listeners: (() => void)[] = [];
  #current: Config;
  #readIsDue = false;

  constructor(options: { informers: Informers; choices?: ConfigChoices; log: Log }) {
    this.#informers = options.informers;
    this.#choices = options.choices ?? {};
    this.#log = options.log;
    this.#current = defaultConfig(this.#choices);
  }

  current(): Config {
    return this.#current;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Follows the ConfigMaps from now on, through the informers' own life. */
  start(): void {
    this.#informers.of(ConfigMapKind).onChange(({ object }) => {
      if (object.metadata.namespace === SYSTEM_NAMESPACE) this.#readSoon();
    });
  }

  /** Once for all changes of one turn: a first list brings all twelve. */
  #readSoon(): void {
    if (this.#readIsDue) return;
    this.#readIsDue = true;
    queueMicrotask(() => {
      this.#readIsDue = false;
      this.#read();
    });
  }

  #read(): void {
    const maps = this.#informers.list(ConfigMapKind, SYSTEM_NAMESPACE);
    try {
      const data = Object.fromEntries(maps.map(({ metadata, data = {} }) => [metadata.name, data]));
      this.#current = parseConfig(data, this.#choices);
    } catch (thrown) {
      this.#log.error(
        "a ConfigMap of knative-serving cannot be read; the last good configuration stays in force",
        {
          why: messageOf(thrown),
        },
      );
      return;
    }
    for (const listener of this.#listeners) listener();
  }
}
