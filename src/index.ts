// The public API.

export { type Casper, type CasperOptions, createCasper, type Pushed, type PushOptions } from './casper.ts';
export type { CookieKind } from './casper-cookies.ts';
export type { CasperRequest, CasperResponse } from './casper-exchange.ts';
export type { Config } from './config.ts';
export { CasperError, type CasperErrorCode, UsageError } from './errors.ts';
export type { BrokenReference, ConsoleMessage, FileChange, LiveEvent } from './live-events.ts';
export type { RequestEntry } from './log.ts';
export type { ServeOptions } from './options.ts';
export type { Channel, Decision, Plan, Reason, Verdict } from './plan.ts';
export { type Server, serve } from './server.ts';
export type { Dependency } from './site/closure.ts';
