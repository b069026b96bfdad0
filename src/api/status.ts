/** metav1.Status: how the API says that something failed (spec E-199). */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Record<string, unknown>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly { reason?: string; message?: string; field?: string }[];
  readonly retryAfterSeconds?: number;
}

/** A failed API call. `status.reason` is the machine-readable part: NotFound, AlreadyExists, Conflict, Invalid… */
export class ApiError extends Error {
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? status.reason ?? "unknown API error");
    this.name = "ApiError";
    this.status = status;
  }

  get code(): number {
    return this.status.code ?? 500;
  }

  get reason(): string {
    return this.status.reason ?? "";
  }
}

/** A failure in Kubernetes' words: `what` is the message, with details where the real answer has some. */
export function failure(
  code: number,
  reason: string,
  what: string | { readonly message: string; readonly details: StatusDetails },
): ApiError {
  const { message, details } = typeof what === "string" ? { message: what, details: undefined } : what;
  return new ApiError({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason === "" ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  });
}

export function isApiError(thrown: unknown, reason: string): thrown is ApiError {
  return thrown instanceof ApiError && thrown.reason === reason;
}

/** The object's namespace is going: what could not be made there is not missed. */
export function isNamespaceTerminating(thrown: unknown): boolean {
  const causes = thrown instanceof ApiError ? thrown.status.details?.causes : undefined;
  return causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
}
