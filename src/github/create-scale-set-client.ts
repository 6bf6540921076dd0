import type { Dispatcher } from 'undici';
import { createActionsService } from './actions-service.ts';
import { createAuthentication } from './auth.ts';
import type { GitHubCallRecorder } from './call-record.ts';
import { parseConfigUrl } from './config-url.ts';
import type { GitHubCredentials } from './credentials.ts';
import type { Clock, RateLimitWaits } from './rate-limit-waits.ts';
import { createRateLimitWaits } from './rate-limit-waits.ts';
import { runnerCalls } from './runner-calls.ts';
import { scaleSetCalls } from './scale-set-calls.ts';
import type { ScaleSetClient } from './scale-set-client.ts';
import type { RouteSettings } from './transport/dispatcher.ts';
import { createDispatcher } from './transport/dispatcher.ts';
import { createRequester } from './transport/http.ts';
import type { SystemInfo } from './transport/user-agent.ts';
import { defaultSystemInfo, userAgentFor } from './transport/user-agent.ts';

/** Whom the client speaks for, and by which way it reaches GitHub. */
export interface ScaleSetClientOptions extends RouteSettings {
  configUrl: string;
  credentials: GitHubCredentials;
  systemInfo?: SystemInfo | undefined;
  /** Connections to use instead of those that `ca` and `proxy` describe. */
  dispatcher?: Dispatcher | undefined;
  clock?: Clock | undefined;
  /** Shared by all clients of a process; a client's own unless given. */
  pauses?: RateLimitWaits | undefined;
  /** Is told of each request that is sent, for metrics and traces. */
  observe?: GitHubCallRecorder | undefined;
  /** For one call, reading the answer included, in milliseconds. Default: 30 s. */
  timeoutMs?: number | undefined;
  /** How long a refusal of the credentials is believed, in milliseconds. Default: 60 s. */
  refusalMs?: number | undefined;
  /** Waits before the registration is tried again after 401 or 403, in milliseconds. */
  registrationWaitsMs?: readonly number[] | undefined;
}

/** @throws GitHubError `invalid-config` for a bad config URL, proxy or CA */
export function createScaleSetClient(options: ScaleSetClientOptions): ScaleSetClient {
  const { credentials, clock, refusalMs, registrationWaitsMs, systemInfo = defaultSystemInfo } = options;
  const config = parseConfigUrl(options.configUrl);
  const dispatcher = options.dispatcher ?? createDispatcher(options);
  const { timeoutMs, observe } = options;
  const pause = (options.pauses ?? createRateLimitWaits(clock)).of(config.url);
  const request = createRequester({ configUrl: config.url, dispatcher, clock, pause, timeoutMs, observe });
  const userAgent = (scaleSetId?: number): string => userAgentFor(systemInfo, scaleSetId);
  const authentication = createAuthentication({
    config,
    credentials,
    request,
    pause,
    userAgent: userAgent(),
    clock,
    refusalMs,
    registrationWaitsMs,
  });
  const call = createActionsService({ authentication, request, userAgent });
  return { config, ...runnerCalls(call), ...scaleSetCalls(call), transport: { call, request, userAgent } };
}
