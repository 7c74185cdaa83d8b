// The interface of a logger: the methods of pino that this service uses.

type Log = (fields: unknown, message?: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}
