import type { Container } from "../../api/container.ts";
import { parseQuantity, quantityValue } from "../../base/quantity.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { PodFacts } from "./downward.ts";
import type { Images, StoredImage } from "./images/images.ts";
import { containerEnv, expand } from "./pod-env.ts";
import { isQueueProxy } from "./pod-lifecycle.ts";
import type { PodPorts } from "./pod-ports.ts";
import type { ContainerStart, Runtime } from "./runtime.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";

export interface ContainerStartsOptions {
  readonly client: KubeClient;
  readonly runtime: Runtime;
  readonly images: Images;
  /** PATH of the programs. */
  readonly path: string;
  readonly volumes: PodVolumes;
  readonly ports: () => PodPorts;
  readonly facts: () => PodFacts;
}

/** From the containers of one pod to what the runtime starts: words, environment, folders, mounts. */
export class ContainerStarts {
  readonly #options: ContainerStartsOptions;

  constructor(options: ContainerStartsOptions) {
    this.#options = options;
  }

  /** What the container is started with, and what exec probes run beside. */
  async of(
    container: Container,
    restart: number,
    image: Pick<StoredImage, "command" | "env">,
  ): Promise<{ start: ContainerStart; work: string }> {
    const own = await this.env(container);
    const port = this.#options.ports().ofProgram(container);
    const id = { podUid: this.#options.facts().pod.metadata.uid ?? "", container: container.name, restart };
    const { work, temporary } = await this.#options.runtime.folders(id);
    const env = {
      PATH: this.#options.path,
      HOME: work,
      TMPDIR: temporary,
      ...image.env,
      ...own,
      ...(port === undefined ? {} : { PORT: String(port) }),
    };
    const words = [...(container.command ?? image.command), ...(container.args ?? [])];
    const command = words.map((word) => expand(word, env));
    const mounts = this.#options.volumes.mountsOf(container, env);
    const workingDirectory = container.workingDir ?? work;
    const start = {
      ...id,
      command,
      workingDirectory,
      env,
      ...memoryLimit(container),
      ...(container.stdin ? { isFed: true } : {}),
      ...(container.tty ? { terminal: true } : {}),
    };
    return { start: mounts.length > 0 ? { ...start, mounts } : start, work };
  }

  env(container: Container): Promise<Record<string, string>> {
    return containerEnv(this.#options.client, container, this.#options.facts());
  }

  /** What a command beside that run is started with; undefined for what is hosted. */
  async beside(name: string, restart: number): Promise<ContainerStart | undefined> {
    const spec = this.#options.facts().pod.spec.containers.find((one) => one.name === name);
    if (!spec || isQueueProxy(spec)) return undefined;
    const image = (await this.#options.images.resolve(spec.image ?? "")) ?? { command: [], env: {} };
    return (await this.of(spec, restart, image)).start;
  }
}

function memoryLimit({ resources }: Container): { memoryBytes?: number } {
  const limit = resources?.limits?.memory;
  return limit === undefined ? {} : { memoryBytes: Number(quantityValue(parseQuantity(String(limit)))) };
}
