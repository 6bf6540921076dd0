import * as status from './status.ts';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { Agent } from 'undici';
import type { ApiClient } from '../cluster/api-client.ts';
import { connectToApi } from '../cluster/api-client.ts';
import type { Progress } from '../toolchain/toolchain.ts';
import type { PodKey, RunnerControls, RunnerView } from './admin.ts';
import { createAdmin } from './admin.ts';
import type { RunnerState, StopCause } from './life.ts';
import { live } from './life.ts';
import type { Pod, PodStatus } from './pods.ts';
import { followPods, runnerVariable, writeStatus, writeWarning } from './pods.ts';
import type { Rule } from './rules.ts';
import { createRules } from './rules.ts';
import { openSession } from './session.ts';

/** How the stand-in runners are wanted. */
export interface RunnersOptions {
  kubeconfig: string;
  /** PEM certificates trusted beside the usual roots, for a stand-in for GitHub that speaks HTTPS. */
  ca?: string | undefined;
  /** The port of the controls over HTTP (runner/admin.ts); free when 0, none when absent. */
  adminPort?: number;
  log?: Progress;
}

/** The stand-in runners of one cluster, all in this process. */
export interface Runners extends RunnerControls {
  readonly adminUrl: string | undefined;
  stop(): Promise<void>;
}

interface Living {
  pod: Pod;
  state: RunnerState;
  controller: AbortController;
  done: Promise<void>;
}

/**
 * Plays kubelet and runner for the fake nodes: each running pod labelled `actions-ephemeral-runner=True` connects to
 * the stand-in for GitHub with the JIT config of its own Secret, does one job, and has its end written into its status.
 */
export async function startRunners(options: RunnersOptions): Promise<Runners> {
  const api = await connectToApi(options.kubeconfig, 20);
  const trust = options.ca === undefined ? {} : { connect: { ca: [...rootCertificates, options.ca] } };
  const agent = new Agent({ connections: null, keepAliveTimeout: 30_000, ...trust });
  const pool = new RunnerPool(api, agent, options.log ?? (() => undefined));
  const stopping = new AbortController();
  const following = followPods(api, pool, stopping.signal);
  const admin = options.adminPort === undefined ? undefined : createAdmin(pool);
  if (admin) await new Promise<void>((resolve) => admin.listen(options.adminPort, '127.0.0.1', resolve));
  return {
    adminUrl: admin && `http://127.0.0.1:${(admin.address() as AddressInfo).port}`,
    rules: pool.rules,
    list: () => pool.list(),
    end: (pod, exitCode) => pool.end(pod, exitCode),
    evict: (pod) => pool.evict(pod),
    disconnect: (pod) => pool.disconnect(pod),
    wait: (pod, reason) => pool.wait(pod, reason),
    stop: async () => {
      stopping.abort();
      await following;
      await pool.close();
      admin?.close();
      admin?.closeAllConnections();
      await Promise.all([api.close(), agent.destroy()]);
    },
  };
}

/** The runners that live, by the uid of their pod. */
class RunnerPool implements RunnerControls {
  readonly rules = createRules();
  readonly #api: ApiClient;
  readonly #agent: Agent;
  readonly #log: Progress;
  readonly #living = new Map<string, Living>();
  /** Pods whose runner has ended, waits for ever or was disconnected: they are not started again. */
  readonly #over = new Set<string>();
  #closed = false;

  constructor(api: ApiClient, agent: Agent, log: Progress) {
    this.#api = api;
    this.#agent = agent;
    this.#log = log;
  }

  present(pod: Pod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const living = this.#living.get(uid);
    if (deletionTimestamp !== undefined) stop(living, { kind: 'deleted' });
    else if (living) living.pod = pod;
    else if (pod.status.phase === 'Running' && !this.#over.has(uid)) this.#start(pod);
  }

  gone(uid: string): void {
    this.#over.delete(uid);
    stop(this.#living.get(uid), { kind: 'deleted' });
  }

  list(): RunnerView[] {
    return [...this.#living.values()].map(({ pod: { metadata }, state }) => ({
      namespace: metadata.namespace,
      name: metadata.name,
      state,
    }));
  }

  end(pod: PodKey, exitCode: number): boolean {
    return this.#stopNamed(pod, { kind: 'exit', exitCode });
  }

  evict(pod: PodKey): boolean {
    return this.#stopNamed(pod, { kind: 'evicted' });
  }

  disconnect(pod: PodKey): boolean {
    return this.#stopNamed(pod, { kind: 'disconnected' });
  }

  wait(pod: PodKey, reason: string): boolean {
    return this.#stopNamed(pod, { kind: 'waiting', reason });
  }

  /** Leaves without writing a status, as if the machine went away. */
  async close(): Promise<void> {
    this.#closed = true;
    const all = [...this.#living.values()];
    for (const living of all) stop(living, { kind: 'deleted' });
    await Promise.all(all.map(({ done }) => done));
  }

  #stopNamed({ namespace, name }: PodKey, cause: StopCause): boolean {
    const living = [...this.#living.values()].find(
      ({ pod: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
    stop(living, cause);
    return living !== undefined;
  }

  #start(pod: Pod): void {
    const living: Living = {
      pod,
      state: 'starting',
      controller: new AbortController(),
      done: Promise.resolve(),
    };
    this.#living.set(pod.metadata.uid, living);
    living.done = this.#play(living).catch((error: unknown) => {
      this.#log(`The runner of pod ${pod.metadata.name} broke: ${String(error)}`);
    });
  }

  async #play(living: Living): Promise<void> {
    const { uid } = living.pod.metadata;
    try {
      const next = await this.#outcome(living);
      this.#over.add(uid);
      if (next) await this.#write(living, next);
    } finally {
      this.#living.delete(uid);
    }
  }

  /** Tries until the API server takes it, as a kubelet does; a pod that is deleted meanwhile needs no status. */
  async #write(living: Living, next: (pod: Pod) => PodStatus): Promise<void> {
    while (!this.#closed) {
      try {
        await writeStatus(this.#api, living.pod, next(living.pod));
        return;
      } catch (error) {
        this.#log(`The status of pod ${living.pod.metadata.name} is not written yet: ${String(error)}`);
        await sleep(500);
      }
    }
  }

  /** How the pod's status is to read after the runner's life; undefined: as it is, or the pod is gone. */
  async #outcome(living: Living): Promise<((pod: Pod) => PodStatus) | undefined> {
    const { signal } = living.controller;
    try {
      const rule = this.rules.take(living.pod.metadata);
      const ruled = await ruledEnd(rule, signal);
      if (ruled?.kind === 'unmounted')
        await writeWarning(this.#api, living.pod, { reason: 'FailedMount', message: ruled.message });
      if (ruled) return statusAfter(ruled);
      const exitCode = await this.#live(living, signal);
      if (rule?.lingerMs !== undefined) await sleep(rule.lingerMs, undefined, { signal });
      return statusAfter({ kind: 'exit', exitCode });
    } catch (error) {
      if (!signal.aborted) throw error;
      return statusAfter(signal.reason as StopCause);
    }
  }

  async #live(living: Living, signal: AbortSignal): Promise<number> {
    const jitConfig = await this.#jitConfig(living.pod, signal);
    return live({
      open: (until) => openSession(this.#agent, jitConfig, until),
      onState: (state) => {
        living.state = state;
      },
      signal,
    });
  }

  /** A kubelet holds a container back until the Secret it refers to is there. */
  async #jitConfig(pod: Pod, signal: AbortSignal): Promise<string> {
    for (;;) {
      const value = await runnerVariable(this.#api, pod, 'ACTIONS_RUNNER_INPUT_JITCONFIG').catch(
        () => undefined,
      );
      if (value !== undefined) return value;
      await sleep(500, undefined, { signal });
    }
  }
}

function stop(living: Living | undefined, cause: StopCause): void {
  living?.controller.abort(cause);
}

function statusAfter(cause: StopCause): ((pod: Pod) => PodStatus) | undefined {
  switch (cause.kind) {
    case 'deleted':
    case 'disconnected':
      return undefined;
    case 'evicted':
      return (pod) => status.evicted(pod);
    case 'waiting':
      return (pod) => status.waiting(pod, cause);
    case 'unmounted':
      return (pod) => status.waiting(pod, { reason: 'ContainerCreating' });
    case 'unstarted':
      return (pod) => status.unstarted(pod, cause);
    case 'exit':
      return (pod) => status.terminated(pod, cause.exitCode);
  }
}

/** The end that a rule has for a runner before it connects. */
async function ruledEnd(rule: Rule | undefined, signal: AbortSignal): Promise<StopCause | undefined> {
  if (rule?.delayMs !== undefined) await sleep(rule.delayMs, undefined, { signal });
  const { waiting, container, failedMount, unstarted, restarts = 0 } = rule ?? {};
  if (waiting !== undefined)
    return { kind: 'waiting', reason: waiting, ...(container !== undefined && { container }) };
  if (failedMount !== undefined) return { kind: 'unmounted', message: failedMount };
  if (unstarted !== undefined) return { kind: 'unstarted', sideCar: unstarted, restarts };
  if (rule?.evict === true) return { kind: 'evicted' };
  if (rule?.exitCode !== undefined) return { kind: 'exit', exitCode: rule.exitCode };
  return undefined;
}
