import { randomUUID } from 'node:crypto';
import type { Job, Runner, ScaleSet } from './model.ts';
import type { JitContent, RunnerJob, RunnerView } from './protocol.ts';

type Connected = { runner: Runner } | { refused: 401 | 409 | 410; violation?: string };

/** All registered runners. A name is free again once its runner is removed. */
export interface Runners {
  add(scaleSet: ScaleSet, key: { configPath: string; name: string }): Runner | undefined;
  get(id: number): Runner | undefined;
  named(configPath: string, name: string): Runner | undefined;
  /** By name alone, for people. */
  anyNamed(name: string): Runner | undefined;
  remove(runner: Runner): void;
  all(): Runner[];
  encode(runner: Runner, url: string): string;
  connect(jitConfig: string): Connected;
  connected(connectionId: string): Runner | undefined;
}

/** No runners yet. */
export function createRunners(): Runners {
  const byId = new Map<number, Runner>();
  const byName = new Map<string, Runner>();
  const byConnection = new Map<string, Runner>();
  const used = new Set<string>();
  let lastId = 0;
  const key = (configPath: string, name: string): string => `${configPath} ${name}`;
  return {
    add: (scaleSet, { configPath, name }) => {
      if (byName.has(key(configPath, name))) return undefined;
      lastId += 1;
      const runner: Runner = { id: lastId, name, scaleSet, configPath, secret: randomUUID(), online: false };
      byId.set(runner.id, runner);
      byName.set(key(configPath, name), runner);
      scaleSet.runners.add(runner);
      return runner;
    },
    get: (id) => byId.get(id),
    named: (configPath, name) => byName.get(key(configPath, name)),
    anyNamed: (name) => [...byId.values()].find((runner) => runner.name === name),
    remove: (runner) => {
      byId.delete(runner.id);
      byName.delete(key(runner.configPath, runner.name));
      runner.scaleSet.runners.delete(runner);
      runner.scaleSet.idle.delete(runner);
      if (runner.connectionId !== undefined) byConnection.delete(runner.connectionId);
      runner.online = false;
      runner.timer?.cancel();
      runner.wake?.();
    },
    all: () => [...byId.values()],
    encode: ({ id, name, scaleSet, secret }, url) => {
      const content: JitContent = { url, runnerId: id, runnerName: name, scaleSetId: scaleSet.id, secret };
      return Buffer.from(JSON.stringify(content)).toString('base64');
    },
    connect: (jitConfig) => {
      const content = contentOf(jitConfig);
      if (!content) return { refused: 401 };
      if (used.has(content.secret)) {
        return {
          refused: 409,
          violation: `JIT config of runner ${content.runnerName} was used a second time`,
        };
      }
      const runner = byId.get(content.runnerId);
      if (!runner) return { refused: 410 };
      if (runner.secret !== content.secret) return { refused: 401 };
      used.add(runner.secret);
      runner.connectionId = randomUUID();
      byConnection.set(runner.connectionId, runner);
      return { runner };
    },
    connected: (connectionId) => byConnection.get(connectionId),
  };
}

function contentOf(jitConfig: string): JitContent | undefined {
  try {
    return JSON.parse(Buffer.from(jitConfig, 'base64').toString()) as JitContent;
  } catch {
    return undefined;
  }
}

/** The runner as the stand-in's own interface shows it. */
export const viewOf = ({ id, name, scaleSet, online, job }: Runner): RunnerView => ({
  id,
  name,
  scaleSetId: scaleSet.id,
  online,
  busy: job !== undefined,
});

/** The job as its runner is told of it. */
export const jobFor = ({ jobId, displayName, durationMs, wantedResult }: Job): RunnerJob => ({
  jobId,
  displayName,
  ...(durationMs !== undefined && { durationMs }),
  result: wantedResult,
});
