import type { Dispatcher } from 'undici';
import { createActionsService, decodeNothing } from './actions-service.ts';
import type { ActionsService } from './actions-service.ts';
import { createAuthentication } from './auth.ts';
import { parseConfigUrl } from './config-url.ts';
import type { GitHubConfigUrl } from './config-url.ts';
import type { GitHubCredentials } from './credentials.ts';
import { createDispatcher } from './dispatcher.ts';
import type { RouteSettings } from './dispatcher.ts';
import { GitHubError, isDecision } from './errors.ts';
import { createRequester } from './http.ts';
import type { GitHubObserver } from './observation.ts';
import type { Clock } from './pause.ts';
import { defaultSystemInfo, userAgentFor } from './user-agent.ts';
import type { SystemInfo } from './user-agent.ts';
import { decodeJitConfig, decodeRunner, decodeRunnerGroupList, decodeRunnerList } from './wire.ts';
import { decodeScaleSet, decodeScaleSetList } from './wire.ts';
import type { JitConfig, Label, RunnerGroup, RunnerReference, RunnerScaleSet } from './wire.ts';

export interface CallOptions {
  /** When it aborts, the call ends at once and throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Whom to register: the runner's name, unique at GitHub, and its work folder (empty: the runner's own default). */
export interface JitConfigRequest {
  name: string;
  workFolder?: string | undefined;
}

export interface NewScaleSet {
  name: string;
  /** 1 is the default group. */
  runnerGroupId: number;
  /** Names of labels; without any, the scale set's own name becomes one. */
  labels?: readonly string[] | undefined;
  /** Whether the runner's own updates are off. Default: true. */
  disableUpdate?: boolean | undefined;
}

/** What to change; the rest stays. */
export type ScaleSetChange = Partial<NewScaleSet>;

/**
 * GitHub's Actions service for scale sets, in one scope. Calls run in parallel, refresh the authentication by
 * themselves, and are not retried here. All throw GitHubError.
 */
export interface ScaleSetClient {
  readonly config: GitHubConfigUrl;

  /**
   * Registers a runner and returns its start configuration (protocol: generate JIT config).
   * @throws `runner-exists` when the name is taken, `gone` when the scale set is not there
   */
  generateJitConfig(scaleSetId: number, runner: JitConfigRequest, options?: CallOptions): Promise<JitConfig>;
  /** The runner, or `undefined` when the service says that there is none (protocol: get runner). */
  getRunner(runnerId: number, options?: CallOptions): Promise<RunnerReference | undefined>;
  /** The runner of this name, or `undefined` (protocol: get runner by name). */
  getRunnerByName(name: string, options?: CallOptions): Promise<RunnerReference | undefined>;
  /**
   * Removes a runner; one that is not there, or the id 0, counts as removed (protocol: remove runner).
   * @throws `job-still-running` when it is busy: it stays
   */
  removeRunner(runnerId: number, options?: CallOptions): Promise<void>;
  /** @throws `not-found` when no runner group has this name (protocol: get group by name) */
  getRunnerGroupByName(name: string, options?: CallOptions): Promise<RunnerGroup>;
  /** The scale set of this name in a group, or `undefined` (protocol: get scale set by name). */
  getScaleSetByName(
    key: { name: string; runnerGroupId: number },
    options?: CallOptions,
  ): Promise<RunnerScaleSet | undefined>;
  /** The scale set, or `undefined` when the service says that there is none (protocol: get scale set by id). */
  getScaleSet(scaleSetId: number, options?: CallOptions): Promise<RunnerScaleSet | undefined>;
  /** The labels of the result may be fewer than asked for: compare (protocol: create scale set). */
  createScaleSet(scaleSet: NewScaleSet, options?: CallOptions): Promise<RunnerScaleSet>;
  /** @throws `gone` when it is not there (protocol: update scale set) */
  updateScaleSet(scaleSetId: number, change: ScaleSetChange, options?: CallOptions): Promise<RunnerScaleSet>;
  /** Deletes a scale set; one that is not there counts as deleted (protocol: delete scale set). */
  deleteScaleSet(scaleSetId: number, options?: CallOptions): Promise<void>;
  /** The service below, for the message session of the same scope. */
  readonly transport: ScaleSetTransport;
}

/** What a message session needs beside the calls above. */
export interface ScaleSetTransport {
  readonly call: ActionsService;
  readonly request: ReturnType<typeof createRequester>;
  readonly userAgent: (scaleSetId?: number) => string;
}

export interface ScaleSetClientOptions extends RouteSettings {
  configUrl: string;
  credentials: GitHubCredentials;
  systemInfo?: SystemInfo | undefined;
  /** Connections to use instead of those that `ca` and `proxy` describe. */
  dispatcher?: Dispatcher | undefined;
  clock?: Clock | undefined;
  /** Is told of each request that is sent, for metrics and traces. */
  observe?: GitHubObserver | undefined;
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
  const request = createRequester({ dispatcher, clock, timeoutMs, observe });
  const userAgent = (scaleSetId?: number): string => userAgentFor(systemInfo, scaleSetId);
  const authentication = createAuthentication({
    config,
    credentials,
    request,
    userAgent: userAgent(),
    clock,
    refusalMs,
    registrationWaitsMs,
  });
  const call = createActionsService({ authentication, request, userAgent });
  return { config, ...runnerCalls(call), ...scaleSetCalls(call), transport: { call, request, userAgent } };
}

const SCALE_SETS = '_apis/runtime/runnerscalesets';
const AGENTS = '_apis/distributedtask/pools/0/agents';

/** Path of a scale set, below the service's URL. */
export const scaleSetPath = (scaleSetId: number, ...rest: string[]): string =>
  [SCALE_SETS, scaleSetId, ...rest.map(encodeURIComponent)].join('/');

type RunnerCalls = Pick<
  ScaleSetClient,
  'generateJitConfig' | 'getRunner' | 'getRunnerByName' | 'removeRunner' | 'getRunnerGroupByName'
>;

const runnerCalls = (call: ActionsService): RunnerCalls => ({
  generateJitConfig: (scaleSetId, { name, workFolder = '' }, options = {}) =>
    call({
      operation: 'generate-jit-config',
      method: 'POST',
      path: scaleSetPath(scaleSetId, 'generatejitconfig'),
      body: { name, workFolder },
      ok: 200,
      decode: decodeJitConfig,
      scaleSetId,
      ...options,
    }),
  getRunner: (runnerId, options = {}) =>
    unless(
      'not-found',
      call({
        operation: 'get-runner',
        method: 'GET',
        path: `${AGENTS}/${runnerId}`,
        ok: 200,
        decode: decodeRunner,
        ...options,
      }),
    ),
  getRunnerByName: (name, options = {}) =>
    call({
      operation: 'get-runner-by-name',
      method: 'GET',
      path: AGENTS,
      query: { agentName: name },
      ok: 200,
      decode: decodeRunnerList,
      ...options,
    }),
  removeRunner: (runnerId, options = {}) =>
    unless(
      'not-found',
      call({
        operation: 'remove-runner',
        method: 'DELETE',
        path: `${AGENTS}/${runnerId}`,
        ok: 204,
        decode: decodeNothing,
        ...options,
      }),
    ),
  getRunnerGroupByName: async (name, options = {}) => {
    const path = '_apis/runtime/runnergroups/';
    const query = { groupName: name };
    const group = await call({
      operation: 'get-runner-group',
      method: 'GET',
      path,
      query,
      ok: 200,
      decode: decodeRunnerGroupList,
      ...options,
    });
    if (group) return group;
    const message = `GitHub has no runner group "${name}": set runnerGroup to one that it has.`;
    throw new GitHubError({ decision: 'not-found', message });
  },
});

type ScaleSetCalls = Pick<
  ScaleSetClient,
  'getScaleSetByName' | 'getScaleSet' | 'createScaleSet' | 'updateScaleSet' | 'deleteScaleSet'
>;

const scaleSetCalls = (call: ActionsService): ScaleSetCalls => ({
  getScaleSetByName: ({ name, runnerGroupId }, options = {}) => {
    const query = { name, runnerGroupId: String(runnerGroupId) };
    return call({
      operation: 'get-scale-set-by-name',
      method: 'GET',
      path: SCALE_SETS,
      query,
      ok: 200,
      decode: decodeScaleSetList,
      ...options,
    });
  },
  getScaleSet: (scaleSetId, options = {}) => {
    const decode = (value: unknown) => (value === undefined ? undefined : decodeScaleSet(value));
    return unless(
      'gone',
      call({
        operation: 'get-scale-set',
        method: 'GET',
        path: scaleSetPath(scaleSetId),
        ok: 200,
        decode,
        scaleSetId,
        ...options,
      }),
    );
  },
  createScaleSet: async (scaleSet, options = {}) => {
    const body = { ...wireChange({ labels: [scaleSet.name], ...scaleSet }) };
    if (body.labels?.length === 0) body.labels = systemLabels([scaleSet.name]);
    return call({
      operation: 'create-scale-set',
      method: 'POST',
      path: SCALE_SETS,
      body,
      ok: 200,
      decode: decodeScaleSet,
      ...options,
    });
  },
  updateScaleSet: (scaleSetId, change, options = {}) =>
    call({
      operation: 'update-scale-set',
      method: 'PATCH',
      path: scaleSetPath(scaleSetId),
      body: wireChange(change),
      ok: 200,
      decode: decodeScaleSet,
      scaleSetId,
      ...options,
    }),
  deleteScaleSet: async (scaleSetId, options = {}) => {
    const path = scaleSetPath(scaleSetId);
    await unless(
      'gone',
      call({
        operation: 'delete-scale-set',
        method: 'DELETE',
        path,
        ok: 204,
        decode: decodeNothing,
        scaleSetId,
        ...options,
      }),
    );
  },
});

interface WireChange {
  name?: string;
  runnerGroupId?: number;
  labels?: Label[];
  RunnerSetting: { disableUpdate: boolean };
  createdOn: string;
}

/** The service's own client always sends setting and date; an empty setting might mean that updates are on again. */
const wireChange = ({ name, runnerGroupId, labels, disableUpdate = true }: ScaleSetChange): WireChange => ({
  ...(name !== undefined && { name }),
  ...(runnerGroupId !== undefined && { runnerGroupId }),
  ...(labels !== undefined && { labels: systemLabels(labels) }),
  RunnerSetting: { disableUpdate },
  createdOn: '0001-01-01T00:00:00Z',
});

const systemLabels = (names: readonly string[]): Label[] => names.map((name) => ({ type: 'System', name }));

/**
 * `undefined` in place of the failure with this decision, if the service itself names the exception: a bare 404 may come
 * from anything in between, and says nothing about what exists.
 */
async function unless<T>(decision: 'not-found' | 'gone', result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isDecision(error, decision) && error.typeName !== undefined) return undefined;
    throw error;
  }
}
