import { posix } from "node:path";
import type { DownwardApiItem, KeyToPath, ProjectedSource, Volume } from "../../../api/pod-spec.ts";
import { fieldValue, type PodFacts, resourceValue } from "../downward.ts";
import { type DataKind, EnvError, type PodData } from "../pod-data.ts";

/** What stands in a volume that is made from the API: which files, with which bytes and modes. */

export interface VolumeFile {
  readonly bytes: Buffer;
  readonly mode: number;
}

/** By path below the volume. */
export type Payload = Map<string, VolumeFile>;

export interface PayloadSources {
  readonly data: PodData;
  readonly facts: PodFacts;
  /** A token of the pod's service account. */
  token(request: TokenRequest): Promise<string>;
}

export interface TokenRequest {
  /** "" = the API server's own. */
  readonly audience: string;
  readonly expirationSeconds: number;
}

const MODE = 0o644;
const TOKEN_SECONDS = 3_600;

/** undefined: the volume is not made from the API. Rejects with EnvError when something that it needs is missing. */
export async function payloadOf(volume: Volume, sources: PayloadSources): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const files: Payload = new Map();
  if (configMap)
    await addData(files, { ...configMap, kind: "configmap", mode: configMap.defaultMode }, sources);
  else if (secret)
    await addData(
      files,
      { ...secret, name: secret.secretName, kind: "secret", mode: secret.defaultMode },
      sources,
    );
  else if (downwardAPI) addFacts(files, downwardAPI.items ?? [], { mode: downwardAPI.defaultMode, sources });
  else if (projected)
    // Where two sources have a file of the same name the later one wins (spec E-056).
    for (const source of projected.sources ?? [])
      await addSource(files, source, { mode: projected.defaultMode, sources });
  else return undefined;
  return files;
}

interface Adding {
  readonly mode: number | undefined;
  readonly sources: PayloadSources;
}

async function addSource(files: Payload, source: ProjectedSource, adding: Adding): Promise<void> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  const { mode, sources } = adding;
  if (configMap) await addData(files, { ...configMap, kind: "configmap", mode }, sources);
  else if (secret) await addData(files, { ...secret, kind: "secret", mode }, sources);
  else if (downwardAPI) addFacts(files, downwardAPI.items ?? [], adding);
  else if (serviceAccountToken) {
    const { audience = "", expirationSeconds = TOKEN_SECONDS, path } = serviceAccountToken;
    const token = await sources.token({ audience, expirationSeconds });
    put(files, path, { bytes: Buffer.from(token), mode: mode ?? MODE });
  } else throw new EnvError("a projected volume has a source that this node does not know");
}

interface DataSource {
  readonly kind: DataKind;
  readonly name?: string | undefined;
  readonly items?: KeyToPath[];
  readonly optional?: boolean;
  readonly mode: number | undefined;
}

async function addData(files: Payload, source: DataSource, { data }: PayloadSources): Promise<void> {
  const { kind, name = "", items, optional } = source;
  const values = await data.all(kind, name, optional);
  const wanted = items ?? [...values.keys()].map((key) => ({ key, path: key }));
  for (const { key, path, mode } of wanted as KeyToPath[]) {
    const bytes = values.get(key);
    if (bytes) put(files, path, { bytes, mode: mode ?? source.mode ?? MODE });
    else if (!optional)
      throw new EnvError(`references non-existent ${kind === "secret" ? "secret" : "config"} key: ${key}`);
  }
}

function addFacts(files: Payload, items: readonly DownwardApiItem[], { mode, sources }: Adding): void {
  const { facts } = sources;
  for (const item of items) {
    const text = item.fieldRef
      ? fieldValue(item.fieldRef.fieldPath, facts)
      : resourceValue(item.resourceFieldRef ?? { resource: "" }, facts.pod.spec.containers, "");
    put(files, item.path, { bytes: Buffer.from(text), mode: item.mode ?? mode ?? MODE });
  }
}

function put(files: Payload, path: string, file: VolumeFile): void {
  const clean = posix.normalize(path);
  const isOutside = clean === "." || clean.startsWith("/") || clean.split("/").includes("..");
  if (isOutside) throw new EnvError(`"${path}" is no path within a volume`);
  files.set(clean, file);
}
