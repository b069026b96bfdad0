/** The data of Knative's ConfigMaps by name, as controllers read it: missing keys mean defaults (spec §5.9). */
export type ConfigMaps = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** The text of one key, by the first spelling that is there; undefined when it is missing or empty. */
export function configText(maps: ConfigMaps, name: string, ...keys: string[]): string | undefined {
  const data = maps.get(name);
  for (const key of keys) {
    const value = data?.[key]?.trim();
    if (value) return value;
  }
  return undefined;
}
