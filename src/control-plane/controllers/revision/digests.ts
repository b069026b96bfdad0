import { keyOf, keyText, type ObjectKey, type Stored } from "../../../api/object.ts";
import type { Revision } from "../../../api/revision/kind.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { Digests } from "./deployment.ts";

/** Finds the content behind an image's name. Rejects with a message that says what to do about a missing one. */
export interface ImageResolver {
  /** Resolves to the image with its digest, `name@sha256:…`. */
  resolve(image: string, namespace: string): Promise<string>;
}

/** How far the images of a Revision are known (spec C-019). */
export type DigestState =
  | { readonly phase: "resolving" }
  | { readonly phase: "resolved"; readonly digests: Digests }
  | { readonly phase: "failed"; readonly image: string; readonly message: string };

const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 1_000_000;

interface Entry {
  readonly uid: string;
  state: DigestState;
  failures: number;
  timer?: Timer;
}

/** Resolves images in the background and wakes the Revision when something is known; failures are tried again later. */
export class DigestResolution {
  readonly #resolver: ImageResolver;
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #entries = new Map<string, Entry>();
  #enqueue: (key: ObjectKey) => void = () => {};

  /** `limitMs`: how long one image may take (digest-resolution-timeout). */
  constructor(options: { resolver: ImageResolver; clock: Clock; limitMs: () => number }) {
    this.#resolver = options.resolver;
    this.#clock = options.clock;
    this.#limitMs = options.limitMs;
  }

  start(enqueue: (key: ObjectKey) => void, signal: AbortSignal): void {
    this.#enqueue = enqueue;
    signal.addEventListener("abort", () => {
      for (const entry of this.#entries.values()) entry.timer?.cancel();
    });
  }

  /** Begins to resolve at the first call for a Revision. */
  of(revision: Stored<Revision>, skipped: ReadonlySet<string>): DigestState {
    const key = keyText(keyOf(revision));
    const known = this.#entries.get(key);
    if (known?.uid === revision.metadata.uid) return known.state;
    const entry: Entry = { uid: revision.metadata.uid, state: { phase: "resolving" }, failures: 0 };
    this.#entries.set(key, entry);
    const images = imagesToResolve(revision, skipped);
    if (images.length === 0) entry.state = { phase: "resolved", digests: {} };
    else void this.#resolve(revision, images, entry);
    return entry.state;
  }

  forget(key: ObjectKey): void {
    this.#entries.get(keyText(key))?.timer?.cancel();
    this.#entries.delete(keyText(key));
  }

  async #resolve(revision: Stored<Revision>, images: readonly Named[], entry: Entry): Promise<void> {
    const digests: Record<string, string> = {};
    for (const { name, image } of images) {
      try {
        digests[name] = await this.#within(this.#resolver.resolve(image, revision.metadata.namespace ?? ""));
      } catch (thrown) {
        entry.state = { phase: "failed", image, message: messageOf(thrown) };
        const delayMs = Math.min(RETRY_FIRST_MS * 2 ** entry.failures++, RETRY_MAX_MS);
        entry.timer = this.#clock.schedule(delayMs, () => void this.#resolve(revision, images, entry));
        this.#enqueue(keyOf(revision));
        return;
      }
    }
    entry.state = { phase: "resolved", digests };
    this.#enqueue(keyOf(revision));
  }

  async #within(answer: Promise<string>): Promise<string> {
    const limitMs = this.#limitMs();
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      const failed = () => reject(new Error(`no answer within ${limitMs / 1000} s`));
      timer = this.#clock.schedule(limitMs, failed);
    });
    return Promise.race([answer, late]).finally(() => timer?.cancel());
  }
}

interface Named {
  readonly name: string;
  readonly image: string;
}

/** Images that have a digest already, or whose registry is not to be asked, stay as they are. */
function imagesToResolve({ spec }: Revision, skipped: ReadonlySet<string>): Named[] {
  return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ name, image = "" }) =>
    image.includes("@") || skipped.has(registryOf(image)) ? [] : [{ name, image }],
  );
}

/** The first part of an image's name when it looks like a host, else Docker's. */
function registryOf(image: string): string {
  const first = image.split("/")[0] ?? "";
  const isHost = image.includes("/") && (/[.:]/.test(first) || first === "localhost");
  return isHost ? first : "index.docker.io";
}
