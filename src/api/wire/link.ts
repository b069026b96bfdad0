/**
 * The pipe between the control-plane and the data-plane process: ordered, reliable while both live. A test or the
 * simulator uses an in-memory pair. What travels on it is defined by its users (`channel` names one of them), always
 * plain JSON data.
 */
export interface Link {
  send(channel: string, message: unknown): void;
  /** One listener per channel; messages that came before it are kept for it. */
  listen(channel: string, onMessage: (message: unknown) => void): void;
  /** Called once when the other side is gone. */
  onClosed(listener: () => void): void;
}
