import { Context } from '@temporalio/activity';
import type { RunnerScaleSetStatistics } from '../../github/wire.ts';
import type { KubernetesClient } from '../../kubernetes/client/client.ts';
import { ephemeralRunnerSets } from '../../kubernetes/client/resources.ts';
import { judged } from '../failures.ts';
import type { GitHubAccessDeps } from '../github-access/connect.ts';
import { accessGitHub, runnerSpecOf } from '../github-access/connect.ts';
import { inParallel } from '../parallel.ts';

/** Which idle runners GitHub is asked about. */
export interface CheckRegistrationsInput {
  namespace: string;
  /** The EphemeralRunnerSet. */
  runnerSet: string;
  /** How many idle runners the set has, as far as it knows. */
  idle: number;
  /** Those that nobody has seen online for long. */
  suspects: { name: string; runnerId: number }[];
  /** Those that have ended: whether GitHub still knows them is looked up of each. */
  unclear?: { name: string; runnerId: number }[];
}

/** The names of all that were asked about, by what GitHub says of them. */
export interface CheckRegistrationsResult {
  online: string[];
  offline: string[];
  /** GitHub does not know them. */
  gone: string[];
}

/** What asking GitHub about runners needs. */
export interface CheckRegistrationsDeps extends GitHubAccessDeps {
  kubernetes: KubernetesClient;
}

/**
 * Asks GitHub whether idle runners are online. Where the scale set's statistics count as many idle ones as there are,
 * that one call answers for all; otherwise each suspect is looked up by its id.
 */
export const checkRegistrationsActivity =
  (deps: CheckRegistrationsDeps) =>
  (input: CheckRegistrationsInput): Promise<CheckRegistrationsResult> =>
    judged(async () => {
      const { namespace, runnerSet, idle, suspects, unclear = [] } = input;
      const signal = Context.current().cancellationSignal;
      const spec = runnerSpecOf(
        await deps.kubernetes.get(ephemeralRunnerSets, { namespace, name: runnerSet }),
      );
      const github = await accessGitHub(deps, namespace, spec);
      const scaleSet = await github.getScaleSet(spec.runnerScaleSetId, { signal });
      const result: CheckRegistrationsResult = { online: [], offline: [], gone: [] };
      const areAllOnline = (scaleSet?.statistics?.totalIdleRunners ?? 0) >= idle;
      if (areAllOnline) result.online = suspects.map(({ name }) => name);
      await inParallel([...unclear, ...(areAllOnline ? [] : suspects)], async ({ name, runnerId }) => {
        const runner = await github.getRunner(runnerId, { signal });
        if (runner) result[(runner.online ?? isUsed(scaleSet?.statistics)) ? 'online' : 'offline'].push(name);
        else result.gone.push(name);
      });
      return result;
    });

/** Where GitHub does not say of one runner whether it is online, its statistics may still say that none is. */
const isUsed = (statistics: RunnerScaleSetStatistics | undefined): boolean =>
  !statistics || statistics.totalIdleRunners + statistics.totalBusyRunners > 0;
