import { assert } from "../base/assert.ts";
import { Cancel } from "../base/cancel.ts";
import type { Conn } from "./conn.ts";
import type { HeadFacts } from "./head-facts.ts";
import type { ParsedRequest } from "./head-parser.ts";
import type { BodySource, Exchange, ExchangeOutcome, RequestHead, ResponseHead } from "./message.ts";

/** What an exchange asks of the connection that it arrived on. */
export interface ExchangeOwner {
  readonly remoteAddress: string;
  readonly remotePort: number | undefined;
  readonly secure: boolean;
  sendInterim(exchange: ServerExchange, head: ResponseHead): void;
  sendResponse(exchange: ServerExchange, head: ResponseHead, body: BodySource | undefined): void;
  sendUpgrade(exchange: ServerExchange, head: ResponseHead): Conn;
  cut(exchange: ServerExchange, lastWords: string | undefined): void;
  checkClient(exchange: ServerExchange): Promise<boolean>;
  heldBytes(exchange: ServerExchange): number;
}

export class ServerExchange implements Exchange {
  readonly request: RequestHead;
  readonly facts: HeadFacts;
  readonly body: BodySource;
  readonly cancel = new Cancel();
  readonly #owner: ExchangeOwner;
  #responded = false;
  #outcome: ExchangeOutcome | undefined;
  #progress: (() => void) | undefined;
  /** The first listener costs no list. */
  #listener: ((outcome: ExchangeOutcome) => void) | undefined;
  #others: ((outcome: ExchangeOutcome) => void)[] | undefined;
  /** 0 until a final head was sent. */
  status = 0;

  constructor(parsed: ParsedRequest, body: BodySource, owner: ExchangeOwner) {
    this.request = parsed.head;
    this.facts = parsed.facts;
    this.body = body;
    this.#owner = owner;
  }

  get remoteAddress(): string {
    return this.#owner.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#owner.remotePort;
  }

  get secure(): boolean {
    return this.#owner.secure;
  }

  get responded(): boolean {
    return this.#responded;
  }

  get over(): boolean {
    return this.#outcome !== undefined;
  }

  get heldBytes(): number {
    return this.#owner.heldBytes(this);
  }

  interim(head: ResponseHead): void {
    if (!this.#responded && !this.#outcome) this.#owner.sendInterim(this, head);
  }

  respond(head: ResponseHead, body?: BodySource): void {
    if (this.#outcome) {
      body?.abandon();
      return;
    }
    assert(!this.#responded, "an exchange is answered once");
    this.#responded = true;
    this.status = head.status;
    this.#owner.sendResponse(this, head, body);
  }

  upgrade(head: ResponseHead): Conn {
    assert(!this.#responded && !this.#outcome, "an exchange is upgraded before it is answered");
    this.#responded = true;
    this.status = head.status;
    return this.#owner.sendUpgrade(this, head);
  }

  abort(_error: Error, lastWords?: string): void {
    if (!this.#outcome) this.#owner.cut(this, lastWords);
  }

  stillThere(): Promise<boolean> {
    return this.#outcome ? Promise.resolve(false) : this.#owner.checkClient(this);
  }

  onProgress(listener: () => void): void {
    this.#progress = listener;
  }

  /** Called by the connection. */
  noteProgress(): void {
    this.#progress?.();
  }

  onFinish(listener: (outcome: ExchangeOutcome) => void): void {
    if (this.#outcome) {
      listener(this.#outcome);
      return;
    }
    if (this.#listener === undefined) {
      this.#listener = listener;
      return;
    }
    this.#others ??= [];
    this.#others.push(listener);
  }

  /** Called by the connection, once. */
  finish(outcome: ExchangeOutcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#listener?.(outcome);
    if (this.#others) for (const listener of this.#others) listener(outcome);
  }
}
