// A logger as every room needs it: pino's methods, without pino.

type Log = (fields: unknown, message?: string) => void;

export interface Logger {
  debug: Log;
  info: Log;
  warn: Log;
  error: Log;
}
