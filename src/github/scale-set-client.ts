import type { ActionsService } from './actions-service.ts';
import type { GitHubConfigUrl } from './config-url.ts';
import type { createRequester } from './transport/http.ts';
import type { JitConfig, RunnerGroup, RunnerReference, RunnerScaleSet } from './wire.ts';

/** How a call may be ended early. */
export interface CallOptions {
  /** When it aborts, the call ends at once and throws the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Whom to register: the runner's name, unique at GitHub, and its work folder (empty: the runner's own default). */
interface JitConfigRequest {
  name: string;
  workFolder?: string | undefined;
}

interface NewScaleSet {
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
