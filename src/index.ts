// The public API.

export { CasperError, type CasperErrorCode, UsageError } from './errors.ts';
export type { RequestEntry } from './log.ts';
export type { ServeOptions } from './options.ts';
export type { Channel, Decision, Plan, Reason, Verdict } from './plan.ts';
export { type Server, serve } from './server.ts';
export type { Dependency } from './site/closure.ts';
