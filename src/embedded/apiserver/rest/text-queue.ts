/**
 * What a watcher has not read yet. Bounded: one that does not read is dropped, and will list again when it comes back;
 * the server's memory does not depend on its clients. Whoever has much to say at once waits in between.
 */
export class TextQueue implements AsyncIterable<string | Uint8Array> {
  readonly #onFull: () => void;
  readonly #sizeMax: number;
  #texts: (string | Uint8Array)[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | undefined;
  #emptied: PromiseWithResolvers<void> | undefined;

  constructor(onFull: () => void, sizeMax = 4 * 1024 * 1024) {
    this.#onFull = onFull;
    this.#sizeMax = sizeMax;
  }

  push(text: string | Uint8Array): void {
    if (this.#ended) return;
    this.#texts.push(text);
    this.#size += text.length;
    this.#wake?.();
    if (this.#size > this.#sizeMax) {
      this.#texts = [];
      this.#onFull();
    }
  }

  /** What is queued is still read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#emptied?.resolve();
  }

  /** Resolves when the reader has taken all that is queued, or the end has come. */
  whenEmpty(): Promise<void> {
    if (this.#size === 0 || this.#ended) return Promise.resolve();
    this.#emptied ??= Promise.withResolvers();
    return this.#emptied.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      if (this.#texts.length > 0) {
        const texts = this.#texts;
        this.#texts = [];
        this.#size = 0;
        this.#emptied?.resolve();
        this.#emptied = undefined;
        yield joined(texts);
      } else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}

/** One queue holds either texts or binary frames. */
function joined(chunks: readonly (string | Uint8Array)[]): string | Uint8Array {
  if (typeof chunks[0] === "string") return chunks.join("");
  return Buffer.concat(chunks.filter((chunk) => typeof chunk !== "string"));
}
