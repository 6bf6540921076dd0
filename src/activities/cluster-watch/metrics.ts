import { parseConfigUrl } from '../../github/config-url.ts';
import type { WatchRefusal } from './watch-refusals.ts';
import type { ObservedRunner, ObservedRunnerSet } from '../../messages/observations.ts';

/** One EphemeralRunnerSet with its runners, as the watch knows them. */
export interface WatchedRunnerSet {
  namespace: string;
  name: string;
  runnerSet: ObservedRunnerSet;
  runners: ReadonlyMap<string, ObservedRunner>;
}

/** What the watch reports; sets that are not in it have gone. */
export interface ClusterGauges {
  replicas(sets: { namespace: string; name: string; desired: number; current: number }[]): void;
  /** This watch has ended. */
  unwatched(): void;
  /** What the API server keeps the watch from seeing, all of it. */
  refused(refusals: readonly WatchRefusal[]): void;
  runners(scaleSets: ({ namespace: string; name: string } & Scope & Phases)[]): void;
}

interface Phases {
  pending: number;
  running: number;
  failed: number;
}

interface Scope {
  enterprise?: string;
  organization?: string;
  repository?: string;
}

/** Brings the gauges of all sets up to date. */
export function reportRunners(gauges: ClusterGauges, watched: Iterable<WatchedRunnerSet>): void {
  const sets = [...watched];
  gauges.replicas(
    sets.map(({ namespace, name, runnerSet, runners }) => ({
      namespace,
      name,
      desired: runnerSet.replicas,
      current: runners.size,
    })),
  );
  gauges.runners(
    sets.map(({ namespace, runnerSet, runners }) => ({
      namespace,
      name: runnerSet.scaleSet,
      ...scopeOf(runnerSet.configUrl),
      ...phasesOf(runners.values()),
    })),
  );
}

/** Runners by phase; as in ARC, one without a phase is pending. */
function phasesOf(runners: Iterable<ObservedRunner>): Phases {
  const phases = { pending: 0, running: 0, failed: 0 };
  for (const { phase = 'Pending' } of runners) {
    if (phase === 'Pending') phases.pending += 1;
    if (phase === 'Running') phases.running += 1;
    if (phase === 'Failed') phases.failed += 1;
  }
  return phases;
}

/** A config URL that cannot be read has a condition of its own; here it just has no labels. */
function scopeOf(configUrl: string): Scope {
  try {
    const { enterprise, organization, repository } = parseConfigUrl(configUrl);
    return { enterprise, organization, repository };
  } catch {
    return {};
  }
}
