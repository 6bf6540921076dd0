import type { ScaleSet } from './model.ts';
import type { NewScaleSet, ScaleSetView, Statistics } from './protocol.ts';
import type { QueueOptions } from './sessions.ts';
import { createMessageQueue } from './sessions.ts';

/** A runner group, in the protocol's members. */
export interface RunnerGroup {
  id: number;
  name: string;
  size: number;
  isDefaultGroup: boolean;
}

/** All scale sets. */
export interface ScaleSets {
  groups: RunnerGroup[];
  /** `undefined` when the name is taken in its group. */
  add(wanted: NewScaleSet & { disableUpdate?: boolean }): ScaleSet | undefined;
  get(id: number): ScaleSet | undefined;
  find(key: { configPath: string; name: string; runnerGroupId: number }): ScaleSet | undefined;
  remove(scaleSet: ScaleSet): void;
  all(): ScaleSet[];
}

/** No scale sets yet, in these groups. */
export function createScaleSets(initial: readonly RunnerGroup[], options: QueueOptions): ScaleSets {
  const groups = initial.map((group) => ({ ...group }));
  const byId = new Map<number, ScaleSet>();
  let lastId = 0;
  const find: ScaleSets['find'] = ({ configPath, name, runnerGroupId }) =>
    [...byId.values()].find(
      (set) =>
        set.name.toLowerCase() === name.toLowerCase() &&
        set.runnerGroupId === runnerGroupId &&
        (set.configPath ?? configPath) === configPath,
    );
  return {
    groups,
    add: ({ id, name, runnerGroupId = 1, labels = [name], configPath, disableUpdate = true }) => {
      if (id !== undefined && byId.has(id)) return undefined;
      if (find({ configPath: configPath ?? '', name, runnerGroupId })) return undefined;
      lastId = Math.max(lastId + 1, id ?? 0);
      const scaleSet: ScaleSet = {
        ...{ id: id ?? lastId, name, runnerGroupId, labels, configPath, disableUpdate },
        createdOn: new Date(options.clock.now()).toISOString(),
        capacity: undefined,
        session: undefined,
        queue: createMessageQueue(options),
        runners: new Set(),
        idle: new Set(),
        jobs: { queued: new Set(), available: new Set(), assigned: new Set(), running: new Set() },
      };
      byId.set(scaleSet.id, scaleSet);
      return scaleSet;
    },
    get: (id) => byId.get(id),
    find,
    remove: (scaleSet) => byId.delete(scaleSet.id),
    all: () => [...byId.values()],
  };
}

/** The statistics as they go with each message and session. */
export function statisticsOf({ jobs, runners, idle }: ScaleSet): Statistics {
  const assigned = jobs.assigned.size + jobs.running.size;
  return {
    totalAvailableJobs: jobs.available.size,
    totalAcquiredJobs: jobs.assigned.size,
    totalAssignedJobs: assigned,
    totalRunningJobs: jobs.running.size,
    totalRegisteredRunners: runners.size,
    totalBusyRunners: jobs.running.size,
    totalIdleRunners: idle.size,
  };
}

/** The scale set as the stand-in's own interface shows it. */
export const viewOf = (set: ScaleSet): ScaleSetView => ({
  id: set.id,
  name: set.name,
  runnerGroupId: set.runnerGroupId,
  labels: set.labels,
  ...(set.configPath !== undefined && { configPath: set.configPath }),
  disableUpdate: set.disableUpdate,
  ...(set.capacity !== undefined && { capacity: set.capacity }),
  hasSession: set.session !== undefined,
  statistics: statisticsOf(set),
});

/** A scale set as the Actions service shows it. */
export const wireOf = (set: ScaleSet, groups: readonly RunnerGroup[]): object => ({
  id: set.id,
  name: set.name,
  runnerGroupId: set.runnerGroupId,
  runnerGroupName: groups.find(({ id }) => id === set.runnerGroupId)?.name ?? '',
  labels: set.labels.map((name) => ({ id: 1, type: 'System', name })),
  runnerSetting: { disableUpdate: set.disableUpdate },
  createdOn: set.createdOn,
  statistics: statisticsOf(set),
});
