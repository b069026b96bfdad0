/** Where the programs come from that pods' images name, as a port of the node agent. */
export interface Images {
  /** Undefined when there is no such image. */
  resolve(reference: string): Promise<StoredImage | undefined>;
  /**
   * Puts a fresh copy of the image at `folder`, in the place of what is there, for one container to change as it likes.
   * Rejects with ImageError when the store's copy is damaged.
   */
  unpack(image: StoredImage, folder: string): Promise<void>;
}

export interface StoredImage {
  /** `name:tag` that it was added under. */
  readonly reference: string;
  /** `sha256:…` of files, entry point and environment. */
  readonly digest: string;
  /** Entry point: program and first arguments; relative paths are below the copy. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}
