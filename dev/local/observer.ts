import { connectToApi } from '../cluster/api-client.ts';
import type { JobView, RunnerView, ScaleSetView } from '../github/protocol.ts';
import type { Sight } from './counts.ts';

/** Where what is seen comes from. */
export interface Viewpoint {
  /** The stand-in for GitHub. */
  gitHubUrl: string;
  kubeconfig: string;
}

/** Looks at the stand-in and at the cluster, again and again. */
export interface Lookout {
  look(): Promise<Omit<Sight, 'jobs'> & { jobs: JobView[] }>;
  close(): Promise<void>;
}

interface RunnerSetList {
  items: {
    spec: { ephemeralRunnerSpec?: { runnerScaleSetId?: number } };
    status?: { failedEphemeralRunners?: number };
  }[];
}

const SETS = '/apis/actions.github.com/v1alpha1/ephemeralrunnersets';

/** Looks at the stand-in and at the cluster, both at once. */
export async function createLookout({ gitHubUrl, kubeconfig }: Viewpoint): Promise<Lookout> {
  const api = await connectToApi(kubeconfig, 1);
  const standIn = async <T>(path: string): Promise<T> =>
    (await fetch(`${gitHubUrl}/standin${path}`)).json() as Promise<T>;
  return {
    look: async () => {
      const [scaleSets, jobs, runners, sets] = await Promise.all([
        standIn<ScaleSetView[]>('/scale-sets'),
        standIn<JobView[]>('/jobs'),
        standIn<RunnerView[]>('/runners'),
        api.json<RunnerSetList>({ path: SETS }),
      ]);
      return { scaleSets, jobs, runners, failed: failedOf(sets) };
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
