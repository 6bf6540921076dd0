import { connectToApi } from '../cluster/api-client.ts';
import type { JobView, RunnerView, ScaleSetView } from '../github/protocol.ts';
import type { Observation } from './counts.ts';

/** Where the servers of `make run` are. */
export interface RunAddresses {
  /** The stand-in for GitHub. */
  gitHubUrl: string;
  kubeconfig: string;
}

/** Reads what the stand-in for GitHub and the cluster know of jobs and runners. */
export interface Observer {
  observe(): Promise<Omit<Observation, 'jobs'> & { jobs: JobView[] }>;
  close(): Promise<void>;
}

interface RunnerSetList {
  items: {
    spec: { ephemeralRunnerSpec?: { runnerScaleSetId?: number } };
    status?: { failedEphemeralRunners?: number };
  }[];
}

const RUNNER_SETS = '/apis/actions.github.com/v1alpha1/ephemeralrunnersets';

/** Looks at the stand-in and at the cluster, both at once. */
export async function createObserver({ gitHubUrl, kubeconfig }: RunAddresses): Promise<Observer> {
  const api = await connectToApi(kubeconfig, 1);
  const standIn = async <T>(path: string): Promise<T> =>
    (await fetch(`${gitHubUrl}/standin${path}`)).json() as Promise<T>;
  return {
    observe: async () => {
      const [scaleSets, jobs, runners, runnerSets] = await Promise.all([
        standIn<ScaleSetView[]>('/scale-sets'),
        standIn<JobView[]>('/jobs'),
        standIn<RunnerView[]>('/runners'),
        api.json<RunnerSetList>({ path: RUNNER_SETS }),
      ]);
      return { scaleSets, jobs, runners, failed: failedOf(runnerSets) };
    },
    close: () => api.close(),
  };
}

function failedOf({ items }: RunnerSetList): Map<number, number> {
  const failed = new Map<number, number>();
  for (const { spec, status } of items) {
    const id = spec.ephemeralRunnerSpec?.runnerScaleSetId ?? 0;
    failed.set(id, (failed.get(id) ?? 0) + (status?.failedEphemeralRunners ?? 0));
  }
  return failed;
}
