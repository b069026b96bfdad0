/** Knative's webhook for its ConfigMaps (spec ): what it would refuse, and why. */
import { crc32 } from "node:zlib";
import type { ConfigMap } from "../config-map/kind.ts";
import { checkConfigMap } from "./config.ts";
import { ConfigError } from "./reader.ts";

export const EXAMPLE_KEY = "_example";
export const EXAMPLE_CHECKSUM = "knative.dev/example-checksum";

/** The whole text of the refusal, or undefined when the ConfigMap of the system namespace may be written. */
export function configMapRefusal(map: ConfigMap): string | undefined {
  const why = refusalOf(map);
  return why === undefined
    ? undefined
    : `admission webhook "config.webhook.serving.knative.dev" denied the request: validation failed: ${why}`;
}

function refusalOf({ metadata, data = {} }: ConfigMap): string | undefined {
  if (metadata.name === "config-tracing") return undefined;
  try {
    const example = data[EXAMPLE_KEY];
    const checksum = metadata.annotations?.[EXAMPLE_CHECKSUM];
    if (example !== undefined && checksum !== undefined && checksum !== exampleChecksum(example)) {
      return (
        `the update modifies a key in "${EXAMPLE_KEY}" which is probably not what you want. ` +
        'Instead, copy the respective setting to the top-level of the ConfigMap, directly below "data"'
      );
    }
    checkConfigMap(metadata.name ?? "", data);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message;
    throw thrown;
  }
  return undefined;
}

/** Spaces around it and the number of newlines do not count. */
export function exampleChecksum(example: string): string {
  const normal = example.trim().replace(/(?:\r?\n)+/g, "\\n");
  return crc32(normal).toString(16).padStart(8, "0");
}
