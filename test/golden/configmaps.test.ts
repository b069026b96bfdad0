import assert from "node:assert/strict";
import {
  configMapRefusal,
  EXAMPLE_CHECKSUM,
  EXAMPLE_KEY,
  exampleChecksum,
} from "../../src/api/config/admit-config-map.ts";
import { type GoldenCase, judgeGolden } from "../support/golden.ts";
import { configMapExceptions } from "./configmaps.exceptions.ts";

interface ConfigMapCase extends GoldenCase {
  readonly configMap: string;
  readonly data: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly answer: { readonly allowed: boolean; readonly message?: string };
}

/** The ConfigMaps had Knative's own examples, which are not ours to keep; any example with its checksum will do. */
const EXAMPLE = "key: value\n";
const FIRST_DATA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "config-deployment": { "queue-sidecar-image": "example.com/queue:1" },
};

function changed(
  first: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string> {
  const after: Record<string, string> = { ...first };
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete after[key];
    else after[key] = value;
  }
  return after;
}

judgeGolden<ConfigMapCase>({
  file: "configmaps.jsonl",
  exceptions: configMapExceptions,
  judge: ({ configMap, data, annotations = {}, answer }) => {
    const refusal = configMapRefusal({
      metadata: {
        name: configMap,
        annotations: changed({ [EXAMPLE_CHECKSUM]: exampleChecksum(EXAMPLE) }, annotations),
      },
      data: changed({ ...FIRST_DATA[configMap], [EXAMPLE_KEY]: EXAMPLE }, data),
    });
    assert.equal(refusal, answer.allowed ? undefined : answer.message);
    return undefined;
  },
});
