/** Names of the objects that a scale set brings with it: ARC's own, so that what it left behind is found. */
import { nameHash } from './hash.ts';

const LONGEST_NAME = 63;
const SUFFIX_LENGTH = 5;
const HASH_LENGTH = 8;

/** The characters Kubernetes itself uses for random suffixes: no vowels and none that reads as another. */
export const SAFE_CHARACTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** What the names of a set's runners begin with; five characters of `SAFE_CHARACTERS` follow. */
export const runnerNamePrefix = (setName: string): string =>
  `${setName}-runner-`.slice(0, LONGEST_NAME - SUFFIX_LENGTH);

/** The Secret with a runner's JIT config has the runner's name, and so has its pod. */
export const jitSecretName = (runnerName: string): string => runnerName;

/** What the name of a listener is made from: the same scale set under another URL or group has another listener. */
export interface ListenerNameParts {
  /** Name and namespace of the AutoscalingRunnerSet. */
  readonly name: string;
  readonly namespace: string;
  readonly githubConfigUrl: string;
  readonly runnerGroup?: string | undefined;
}

/** The AutoscalingListener of a scale set; its pod, ServiceAccount, Role and RoleBinding share the name. */
export const listenerName = ({
  name,
  namespace,
  runnerGroup = '',
  githubConfigUrl,
}: ListenerNameParts): string =>
  `${name}-${shortHash(`${namespace}@${runnerGroup}@${githubConfigUrl}`)}-listener`;

/** The Secret with the configuration of a listener's pod. */
export const listenerConfigSecretName = (listener: string): string => `${listener}-config`;

/** The Secret with the proxy settings of a listener's pod. */
export const listenerProxySecretName = (listener: string): string => `${listener}-proxy`;

/** The Secret with the proxy settings of a set's runners. */
export const runnerProxySecretName = (setName: string, namespace: string): string =>
  fitting(setName, `-${shortHash(namespace)}-runner-proxy`);

/** The PodDisruptionBudget of the runners of a set that have a job. */
export const jobBudgetName = (setName: string): string => fitting(setName, '-jobs');

/** The longest name of an object. */
const LONGEST_OBJECT_NAME = 253;

/** A name with an ending. Of one that would be too long, a hash stands for what is cut off. */
function fitting(name: string, ending: string): string {
  if (name.length + ending.length <= LONGEST_OBJECT_NAME) return name + ending;
  const mark = `-${shortHash(name)}`;
  const begin = name.slice(0, LONGEST_OBJECT_NAME - mark.length - ending.length);
  return begin.replace(/[-.]+$/, '') + mark + ending;
}

/** The longest name of an AutoscalingRunnerSet: it is the value of a label of all that is made for it. */
const LONGEST_SCALE_SET_NAME = LONGEST_NAME;

/** What is wrong with the name of an AutoscalingRunnerSet, if anything. */
export const scaleSetNameProblem = (name: string): string | undefined =>
  name.length <= LONGEST_SCALE_SET_NAME
    ? undefined
    : `metadata.name has ${name.length} characters, and at most ${LONGEST_SCALE_SET_NAME} are possible, because it becomes a label: create the AutoscalingRunnerSet anew under a shorter name.`;

/** The longest name that GitHub takes of a runner. */
const LONGEST_RUNNER_NAME = 64;

/** What is wrong with the name of an EphemeralRunner, if anything. */
export const runnerNameProblem = (name: string): string | undefined =>
  name.length <= LONGEST_RUNNER_NAME
    ? undefined
    : `metadata.name has ${name.length} characters, and GitHub takes at most ${LONGEST_RUNNER_NAME} of a runner: create the EphemeralRunner anew under a shorter name.`;

const shortHash = (text: string): string => nameHash(text).slice(0, HASH_LENGTH);
