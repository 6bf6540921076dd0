import { decodeNothing, noneIf } from './actions-service.ts';
import type { ActionsService } from './actions-service.ts';
import { GitHubError } from './errors.ts';
import { scaleSetPath } from './scale-set-calls.ts';
import type { ScaleSetClient } from './scale-set-client.ts';
import { decodeJitConfig, decodeRunner, decodeRunnerGroupList, decodeRunnerList } from './wire.ts';

type RunnerCalls = Pick<
  ScaleSetClient,
  'generateJitConfig' | 'getRunner' | 'getRunnerByName' | 'removeRunner' | 'getRunnerGroupByName'
>;

/** The calls about runners and their groups. */
export const runnerCalls = (call: ActionsService): RunnerCalls => ({
  generateJitConfig: generateJitConfig(call),
  getRunner: getRunner(call),
  getRunnerByName: getRunnerByName(call),
  removeRunner: removeRunner(call),
  getRunnerGroupByName: getRunnerGroupByName(call),
});

const AGENTS = '_apis/distributedtask/pools/0/agents';

const generateJitConfig =
  (call: ActionsService): RunnerCalls['generateJitConfig'] =>
  (scaleSetId, { name, workFolder = '' }, options) =>
    call({
      operation: 'generate-jit-config',
      method: 'POST',
      path: scaleSetPath(scaleSetId, 'generatejitconfig'),
      body: { name, workFolder },
      ok: 200,
      decode: decodeJitConfig,
      scaleSetId,
      ...options,
    });

const getRunner =
  (call: ActionsService): RunnerCalls['getRunner'] =>
  (runnerId, options) => {
    const [operation, path] = ['get-runner', `${AGENTS}/${runnerId}`] as const;
    return noneIf(
      'not-found',
      call({ operation, method: 'GET', path, ok: 200, decode: decodeRunner, ...options }),
    );
  };

const getRunnerByName =
  (call: ActionsService): RunnerCalls['getRunnerByName'] =>
  (name, options) =>
    call({
      operation: 'get-runner-by-name',
      method: 'GET',
      path: AGENTS,
      query: { agentName: name },
      ok: 200,
      decode: decodeRunnerList,
      ...options,
    });

const removeRunner =
  (call: ActionsService): RunnerCalls['removeRunner'] =>
  async (runnerId, options) => {
    const [operation, path] = ['remove-runner', `${AGENTS}/${runnerId}`] as const;
    const removal = call({ operation, method: 'DELETE', path, ok: 204, decode: decodeNothing, ...options });
    await noneIf('not-found', removal);
  };

const getRunnerGroupByName =
  (call: ActionsService): RunnerCalls['getRunnerGroupByName'] =>
  async (name, options) => {
    const group = await call({
      operation: 'get-runner-group',
      method: 'GET',
      path: '_apis/runtime/runnergroups/',
      query: { groupName: name },
      ok: 200,
      decode: decodeRunnerGroupList,
      ...options,
    });
    if (group) return group;
    const message = `GitHub has no runner group "${name}": set runnerGroup to one that it has.`;
    throw new GitHubError({ decision: 'not-found', message });
  };
