import { CONFIG_PARTS, type Config, type ConfigChoices, defaultConfig, parsePart } from "./config.ts";
import { type ConfigData, ConfigError } from "./reader.ts";

/**
 * The configuration in force while ConfigMaps come and change: one that cannot be read keeps its last good contents,
 * and the others are not held up by it (spec §5.9). Only what has changed is parsed, and the default of a part only if
 * somebody asks before it is read: a start brings all twelve.
 */
export class LiveConfig {
  readonly #choices: ConfigChoices;
  /** What each part in force was read from: informers keep an object until it changes. */
  readonly #good = new Map<string, ConfigData | undefined>();
  #read: Partial<Config> = {};
  #current: Config | undefined;

  constructor(choices: ConfigChoices = {}) {
    this.#choices = choices;
  }

  get current(): Config {
    this.#current ??= defaultConfig(this.#choices, this.#read);
    return this.#current;
  }

  /** Takes over all ConfigMaps of the system namespace; returns what is wrong with those that cannot be read. */
  replace(maps: ReadonlyMap<string, ConfigData>): { readonly name: string; readonly why: string }[] {
    const problems: { name: string; why: string }[] = [];
    for (const [part, name] of CONFIG_PARTS) {
      const data = maps.get(name);
      if (data === this.#good.get(name)) continue;
      try {
        this.#read = { ...this.#read, [part]: parsePart(part, data, this.#choices) };
        this.#current = undefined;
        this.#good.set(name, data);
      } catch (thrown) {
        if (!(thrown instanceof ConfigError)) throw thrown;
        problems.push({ name, why: thrown.message });
      }
    }
    return problems;
  }
}
