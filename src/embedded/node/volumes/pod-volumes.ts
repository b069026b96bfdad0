import { mkdirSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import type { Container, VolumeMount } from "../../../api/container.ts";
import type { Pod } from "../../../api/pod/kind.ts";
import type { Volume } from "../../../api/pod-spec.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { parseQuantity, quantityValue } from "../../../base/quantity.ts";
import type { KubeClient } from "../../../kube/client.ts";
import type { PodFacts } from "../downward.ts";
import { type DataKind, EnvError, PodData } from "../pod-data.ts";
import { expand } from "../pod-env.ts";
import type { Mount } from "../runtime.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { payloadOf, type TokenRequest } from "./payload.ts";
import type { LimitedVolume } from "./size-limits.ts";

/** Tokens of service accounts, for pods. */
export interface TokenIssuer {
  issueToken(request: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly boundPod: { readonly name: string; readonly uid: string };
  }): Promise<{ readonly token: string; readonly expiresAtMs: number }>;
}

export interface PodVolumesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly tokens: TokenIssuer | undefined;
  /** Where a volume of this pod lies. */
  readonly folderOf: (volume: string, medium: "disk" | "memory") => string;
  readonly facts: () => PodFacts;
}

/** A token is renewed when this share of its life is over. */
const TOKEN_LIFE_SHARE = 0.8;

/** The volumes of one pod: made before its first container starts, kept up to date as long as it lives. */
export class PodVolumes {
  readonly #options: PodVolumesOptions;
  readonly #tokens = new Map<string, { token: string; renewAtMs: number }>();
  #renewal: Timer | undefined;
  #version = 0;
  #isMade = false;
  #isOver = false;

  constructor(options: PodVolumesOptions) {
    this.#options = options;
  }

  /** Rejects with EnvError when something that a volume needs does not exist. */
  async make(): Promise<void> {
    for (const volume of this.#pod.spec.volumes ?? []) {
      try {
        await this.#makeOne(volume);
      } catch (thrown) {
        if (!(thrown instanceof EnvError)) throw thrown;
        throw new EnvError(`MountVolume.SetUp failed for volume "${volume.name}" : ${messageOf(thrown)}`);
      }
    }
    this.#isMade = true;
    this.#renewLater();
  }

  /** Something that the volumes are made from has changed; what is missing now keeps its last contents. */
  async refresh(): Promise<void> {
    if (!this.#isMade || this.#isOver) return;
    try {
      await this.make();
    } catch (thrown) {
      const { name, namespace } = this.#pod.metadata;
      const error = messageOf(thrown);
      this.#options.log.warn("a volume keeps its last contents", { pod: `${namespace}/${name}`, error });
    }
  }

  /** The pod ends: nothing is renewed any more. */
  end(): void {
    this.#isOver = true;
    this.#renewal?.cancel();
  }

  /** What of the API the volumes are made from. */
  references(): { readonly kind: DataKind; readonly name: string }[] {
    return (this.#pod.spec.volumes ?? []).flatMap(({ configMap, secret, projected }) => [
      ...refs(configMap?.name, secret?.secretName),
      ...(projected?.sources ?? []).flatMap((source) => refs(source.configMap?.name, source.secret?.name)),
    ]);
  }

  /** Whether labels or annotations of the pod stand in one of them. */
  get tellsMetadata(): boolean {
    return (this.#pod.spec.volumes ?? []).some(
      ({ downwardAPI, projected }) =>
        downwardAPI !== undefined || projected?.sources?.some((source) => source.downwardAPI !== undefined),
    );
  }

  /** Those that may hold only so much. */
  limited(): LimitedVolume[] {
    return (this.#pod.spec.volumes ?? []).flatMap((volume) => {
      const limit = volume.emptyDir?.sizeLimit;
      if (limit === undefined) return [];
      const limitBytes = Number(quantityValue(parseQuantity(String(limit))));
      // As with the kubelet: a limit of nothing is none.
      if (limitBytes <= 0) return [];
      return [{ name: volume.name, folder: this.#folderOf(volume), limit: String(limit), limitBytes }];
    });
  }

  /** Throws EnvError when a mount names something that is not there. */
  mountsOf(container: Container, env: Readonly<Record<string, string>>): Mount[] {
    return (container.volumeMounts ?? []).map((mount) => {
      const volume = this.#pod.spec.volumes?.find(({ name }) => name === mount.name);
      if (!volume)
        throw new EnvError(`container "${container.name}" mounts "${mount.name}", which is no volume`);
      const source = this.#sourceOf(volume, mount, env);
      return {
        source,
        target: mount.mountPath,
        readOnly: mount.readOnly === true || isMadeFromApi(volume),
      };
    });
  }

  get #pod(): Pod {
    return this.#options.facts().pod;
  }

  async #makeOne(volume: Volume): Promise<void> {
    const { client, clock, facts } = this.#options;
    const data = new PodData(client, this.#pod.metadata.namespace ?? "");
    const token = (request: TokenRequest) => this.#token(request);
    const payload = await payloadOf(volume, { data, facts: facts(), token });
    const folder = this.#folderOf(volume);
    if (payload) {
      const at = new Date(clock.wall()).toISOString().replace(/[-:T]/g, "_").replace("Z", "");
      writeAtomically(folder, payload, `${at}${++this.#version}`);
    } else if (volume.emptyDir) mkdirSync(folder, { recursive: true, mode: 0o777 });
    else if (volume.hostPath) {
      if (volume.hostPath.type === "DirectoryOrCreate") mkdirSync(folder, { recursive: true });
    } else throw new EnvError("volumes of that kind cannot be had on this node");
  }

  #folderOf({ name, emptyDir, hostPath }: Volume): string {
    if (hostPath) return hostPath.path;
    return this.#options.folderOf(name, emptyDir?.medium === "Memory" ? "memory" : "disk");
  }

  #sourceOf(volume: Volume, mount: VolumeMount, env: Readonly<Record<string, string>>): string {
    const folder = this.#folderOf(volume);
    const subPath = mount.subPathExpr ? expand(mount.subPathExpr, env) : (mount.subPath ?? "");
    if (subPath === "") return folder;
    const wanted = join(folder, subPath);
    if (volume.emptyDir && !subPath.split("/").includes("..")) mkdirSync(wanted, { recursive: true });
    const failed = new EnvError(`failed to prepare subPath "${subPath}" of volume "${volume.name}"`);
    try {
      const [real, root] = [realpathSync(wanted), realpathSync(folder)];
      // A link that a program has left in its volume leads nowhere else.
      if (real === root || real.startsWith(root + sep)) return real;
    } catch {
      // Not there: told like one that leads outside.
    }
    throw failed;
  }

  async #token({ audience, expirationSeconds }: TokenRequest): Promise<string> {
    const { tokens, clock } = this.#options;
    const { namespace = "", name = "", uid = "" } = this.#pod.metadata;
    if (!tokens) throw new EnvError("this node has nobody to ask for tokens of service accounts");
    const id = `${expirationSeconds} ${audience}`;
    const known = this.#tokens.get(id);
    if (known && known.renewAtMs > clock.wall()) return known.token;
    const { token, expiresAtMs } = await tokens.issueToken({
      namespace,
      serviceAccount: this.#pod.spec.serviceAccountName || "default",
      audiences: audience === "" ? [] : [audience],
      expirationSeconds,
      boundPod: { name, uid },
    });
    const nowMs = clock.wall();
    this.#tokens.set(id, { token, renewAtMs: nowMs + (expiresAtMs - nowMs) * TOKEN_LIFE_SHARE });
    return token;
  }

  #renewLater(): void {
    this.#renewal?.cancel();
    const times = [...this.#tokens.values()].map(({ renewAtMs }) => renewAtMs);
    if (times.length === 0 || this.#isOver) return;
    const delayMs = Math.max(1_000, Math.min(...times) - this.#options.clock.wall());
    this.#renewal = this.#options.clock.schedule(delayMs, () => {
      void this.refresh();
    });
  }
}

function refs(configMap: string | undefined, secret: string | undefined) {
  return [
    ...(configMap === undefined ? [] : [{ kind: "configmap" as const, name: configMap }]),
    ...(secret === undefined ? [] : [{ kind: "secret" as const, name: secret }]),
  ];
}

function isMadeFromApi({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;
}
