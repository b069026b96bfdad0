import { type Config, type ConfigChoices, checkConfigMap, defaultConfig, parseConfig } from "./config.ts";
import { type ConfigData, ConfigError } from "./reader.ts";

/**
 * The configuration in force while ConfigMaps come and change: one that cannot be read keeps its last good contents,
 * and the others are not held up by it (spec §5.9).
 */
export class LiveConfig {
  readonly #choices: ConfigChoices;
  #good: Readonly<Record<string, ConfigData>> = {};
  #current: Config;

  constructor(choices: ConfigChoices = {}) {
    this.#choices = choices;
    this.#current = defaultConfig(choices);
  }

  get current(): Config {
    return this.#current;
  }

  /** Takes over all ConfigMaps of the system namespace; returns what is wrong with those that cannot be read. */
  replace(maps: ReadonlyMap<string, ConfigData>): { readonly name: string; readonly why: string }[] {
    const problems: { name: string; why: string }[] = [];
    const good: Record<string, ConfigData> = {};
    for (const [name, data] of maps) {
      const why = this.#problemOf(name, data);
      const before = this.#good[name];
      if (why === undefined) good[name] = data;
      else {
        problems.push({ name, why });
        if (before) good[name] = before;
      }
    }
    this.#good = good;
    this.#current = parseConfig(good, this.#choices);
    return problems;
  }

  #problemOf(name: string, data: ConfigData): string | undefined {
    try {
      checkConfigMap(name, data);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof ConfigError) return thrown.message;
      throw thrown;
    }
  }
}
