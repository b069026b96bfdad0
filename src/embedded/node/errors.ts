import { EbbError } from "../../base/errors.ts";

/** The container's command cannot be run: no such program, not executable, no working directory. */
export class StartError extends EbbError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("start-failed", message, options);
  }
}

/** No address or port of this machine can be had for a pod. */
export class AddressError extends EbbError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("address-unavailable", message, options);
  }
}

/** The image store lacks an image, or cannot read or write it. */
export class ImageError extends EbbError {
  constructor(code: "image-missing" | "image-unusable", message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}
