import { INT32_MAX } from '../int32.ts';
import type { AutoscalingRunnerSetSpec } from '../v1alpha1/autoscaling-runner-set.ts';
import type { EphemeralRunnerSetSpec } from '../v1alpha1/ephemeral-runner-set.ts';
import type { EphemeralRunnerSpec } from '../v1alpha1/ephemeral-runner.ts';
import type { Kind } from '../v1alpha1/group.ts';
import type { Problem } from './problem.ts';
import { vaultContradictions } from './vault.ts';
import type { PodSpec } from '../v1alpha1/wire.ts';

/** The container that runs the job. */
const RUNNER_CONTAINER = 'runner';

/**
 * What the schema allows and what still can never work. The spec must satisfy its schema. Only a person can mend these,
 * so none of them is refused at the API server, where ARC takes them as well.
 */
export function contradictionsOf(kind: Kind, spec: object): Problem[] {
  switch (kind) {
    case 'AutoscalingRunnerSet':
      return scaleSetContradictions(spec);
    case 'EphemeralRunnerSet':
      return runnerSetContradictions(spec);
    case 'EphemeralRunner':
      return runnerContradictions(spec as EphemeralRunnerSpec, 'spec');
    case 'AutoscalingListener':
      return [];
  }
}

const scaleSetContradictions = (spec: AutoscalingRunnerSetSpec): Problem[] => [
  ...missing(
    spec.githubConfigUrl,
    'spec.githubConfigUrl',
    'give the URL of a repository, organization or enterprise',
  ),
  ...missing(
    spec.githubConfigSecret,
    'spec.githubConfigSecret',
    'give the name of the Secret with the credentials',
  ),
  ...limitContradictions(spec),
  ...vaultContradictions(spec.vaultConfig, 'spec.vaultConfig'),
  ...podContradictions(spec.template?.spec, 'spec.template.spec'),
];

const runnerSetContradictions = ({ ephemeralRunnerSpec }: EphemeralRunnerSetSpec): Problem[] =>
  ephemeralRunnerSpec
    ? runnerContradictions(ephemeralRunnerSpec, 'spec.ephemeralRunnerSpec')
    : [{ path: 'spec.ephemeralRunnerSpec', message: 'is missing: say how a runner is made' }];

const runnerContradictions = (spec: EphemeralRunnerSpec, path: string): Problem[] => [
  ...missing(
    spec.githubConfigUrl,
    `${path}.githubConfigUrl`,
    'give the URL of a repository, organization or enterprise',
  ),
  ...missing(
    spec.githubConfigSecret,
    `${path}.githubConfigSecret`,
    'give the name of the Secret with the credentials',
  ),
  ...vaultContradictions(spec.vaultConfig, `${path}.vaultConfig`),
  ...podContradictions(spec.spec, `${path}.spec`),
];

const missing = (value: string | undefined, path: string, remedy: string): Problem[] =>
  value ? [] : [{ path, message: `is missing: ${remedy}` }];

/** What of the limits of a scale set can never hold; the CRDs of older releases let all numbers through. */
export function limitContradictions({
  minRunners = 0,
  maxRunners = INT32_MAX,
}: Pick<AutoscalingRunnerSetSpec, 'minRunners' | 'maxRunners'>): Problem[] {
  const odd = Object.entries({ minRunners, maxRunners }).filter(([, value]) => !isLimit(value));
  if (odd.length > 0) {
    const message = `is no number of runners: give a whole number from 0 to ${INT32_MAX}`;
    return odd.map(([name]) => ({ path: `spec.${name}`, message }));
  }
  if (minRunners <= maxRunners) return [];
  const message = `is greater than maxRunners, ${maxRunners}: lower it or raise maxRunners`;
  return [{ path: 'spec.minRunners', message }];
}

const isLimit = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= INT32_MAX;

function podContradictions(pod: PodSpec | undefined, path: string): Problem[] {
  if (!pod) return [{ path, message: `is missing: give a pod with a container named ${RUNNER_CONTAINER}` }];
  if (pod.containers.some(({ name }) => name === RUNNER_CONTAINER)) return [];
  const message = `has no container named ${RUNNER_CONTAINER}: the one that runs the job must be called so`;
  return [{ path: `${path}.containers`, message }];
}
