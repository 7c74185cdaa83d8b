// The interface of a logger: the methods of pino that the rooms use.

type Log = (fields: unknown, message?: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}
