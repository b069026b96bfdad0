/**
 * What a watcher has not read yet. Bounded: one that does not read is dropped, and will list again when it comes back;
 * the server's memory does not depend on its clients.
 */
export class TextQueue implements AsyncIterable<string> {
  readonly #onFull: () => void;
  readonly #sizeMax: number;
  #texts: string[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(onFull: () => void, sizeMax = 4 * 1024 * 1024) {
    this.#onFull = onFull;
    this.#sizeMax = sizeMax;
  }

  push(text: string): void {
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
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      if (this.#texts.length > 0) {
        const texts = this.#texts;
        this.#texts = [];
        this.#size = 0;
        yield texts.join("");
      } else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
