import type { Config, ConfigChoices } from "../api/config/config.ts";
import { LiveConfig } from "../api/config/live-config.ts";
import { ConfigMapKind } from "../api/config-map/kind.ts";
import { SYSTEM_NAMESPACE } from "../api/names.ts";
import type { Log } from "../base/log.ts";
import type { ConfigSource } from "./controller.ts";
import type { Informers } from "./informers.ts";

/**
 * The configuration in force for controllers, from the ConfigMaps of the system namespace (spec A-172). One that
 * cannot be read is logged, and its last good contents stay; at the start there are none, so it has to be mended first.
 */
export class ConfigWatch implements ConfigSource<Config> {
  readonly #informers: Informers;
  readonly #config: LiveConfig;
  readonly #log: Log;
  readonly #listeners: (() => void)[] = [];
  readonly #readable = Promise.withResolvers<void>();
  #isReadable = false;
  #readIsDue = false;

  constructor(options: { informers: Informers; choices?: ConfigChoices; log: Log }) {
    this.#informers = options.informers;
    this.#config = new LiveConfig(options.choices);
    this.#log = options.log;
  }

  current(): Config {
    return this.#config.current;
  }

  get readable(): Promise<void> {
    return this.#readable.promise;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Follows the ConfigMaps from now on, through the informers' own life. */
  start(): void {
    this.#informers.limit(ConfigMapKind, SYSTEM_NAMESPACE);
    const informer = this.#informers.of(ConfigMapKind);
    informer.onChange(() => this.#readSoon());
    void informer.synced.then(() => this.#readSoon());
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
    const maps = this.#informers.list(ConfigMapKind);
    const problems = this.#config.replace(
      new Map(maps.map(({ metadata, data = {} }) => [metadata.name, data])),
    );
    if (problems.length === 0 && !this.#isReadable) {
      this.#isReadable = true;
      this.#readable.resolve();
    }
    const consequence = this.#isReadable
      ? "its last good contents stay in force"
      : "no controller acts until it is mended with kubectl edit";
    for (const { name, why } of problems) {
      const namespace = SYSTEM_NAMESPACE;
      this.#log.error(`a ConfigMap cannot be read; ${consequence}`, { namespace, name, why });
    }
    for (const listener of this.#listeners) listener();
  }
}
