// The interface of a logger: the methods of pino that are used here, without pino.

type Log = (fields: unknown, message?: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}
