// The errors of an API server: its refusals, as its Status says over HTTP or in a watch, and answers that we do not
// accept.

interface Status {
  code?: number;
  reason?: string;
  message?: string;
  details?: { retryAfterSeconds?: number; causes?: { reason?: string }[] };
}

export class KubernetesError extends Error {
  /** The HTTP status, also for an ERROR in a watch. */
  readonly code: number;
  /** For example `Conflict`, `Expired`, `Forbidden`; empty if the server did not say. */
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
  /** The server does not know the version that was asked for yet: it may have been restored from a backup. */
  readonly isVersionTooLarge: boolean;

  constructor(code: number, { reason = '', message = '', details }: Status = {}, retryAfter?: number) {
    super(message === '' ? `the API server answers ${code}` : `${message} (${code}${reason && ` ${reason}`})`);
    this.name = 'KubernetesError';
    this.code = code;
    this.reason = reason;
    this.retryAfterSeconds = details?.retryAfterSeconds ?? retryAfter;
    this.isVersionTooLarge = details?.causes?.some((one) => one.reason === 'ResourceVersionTooLarge') ?? false;
  }
}

/** The server sent something that we do not accept. The same question would have the same answer. */
export class MalformedAnswer extends Error {}

export class AnswerTooLarge extends MalformedAnswer {}

/** Makes the error of an answer with this body, which need not be a Status. `retryAfter`: the header. */
export function errorOfAnswer(code: number, body: string, retryAfter?: string): KubernetesError {
  const seconds = retryAfter !== undefined && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return new KubernetesError(code, statusIn(body), seconds);
}

function statusIn(body: string): Status {
  try {
    const status = JSON.parse(body);
    if (status?.kind === 'Status') return status;
  } catch {
    // A proxy before the server answers in another form.
  }
  const message = body.trim().slice(0, 200);
  return message === '' ? {} : { message };
}

export function isCode(error: unknown, ...codes: readonly number[]): error is KubernetesError {
  return error instanceof KubernetesError && codes.includes(error.code);
}
