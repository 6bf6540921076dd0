import { decodeNothing, noneIf } from './actions-service.ts';
import type { ActionsService } from './actions-service.ts';
import type { ScaleSetChange, ScaleSetClient } from './scale-set-client.ts';
import { decodeScaleSet, decodeScaleSetList } from './wire.ts';
import type { Label, RunnerScaleSet } from './wire.ts';

type ScaleSetCalls = Pick<
  ScaleSetClient,
  'getScaleSetByName' | 'getScaleSet' | 'createScaleSet' | 'updateScaleSet' | 'deleteScaleSet'
>;

/** The calls about scale sets themselves. */
export const scaleSetCalls = (call: ActionsService): ScaleSetCalls => ({
  getScaleSetByName: getScaleSetByName(call),
  getScaleSet: getScaleSet(call),
  createScaleSet: createScaleSet(call),
  updateScaleSet: updateScaleSet(call),
  deleteScaleSet: deleteScaleSet(call),
});

const SCALE_SETS = '_apis/runtime/runnerscalesets';

/** Path of a scale set, below the service's URL. */
export const scaleSetPath = (scaleSetId: number, ...rest: string[]): string =>
  [SCALE_SETS, scaleSetId, ...rest.map(encodeURIComponent)].join('/');

const getScaleSetByName =
  (call: ActionsService): ScaleSetCalls['getScaleSetByName'] =>
  ({ name, runnerGroupId }, options) =>
    call({
      operation: 'get-scale-set-by-name',
      method: 'GET',
      path: SCALE_SETS,
      query: { name, runnerGroupId: String(runnerGroupId) },
      ok: 200,
      decode: decodeScaleSetList,
      ...options,
    });

const getScaleSet =
  (call: ActionsService): ScaleSetCalls['getScaleSet'] =>
  (scaleSetId, options) => {
    const operation = 'get-scale-set';
    const path = scaleSetPath(scaleSetId);
    const decode = (value: unknown): RunnerScaleSet | undefined =>
      value === undefined ? undefined : decodeScaleSet(value);
    return noneIf('gone', call({ operation, method: 'GET', path, ok: 200, decode, scaleSetId, ...options }));
  };

const createScaleSet =
  (call: ActionsService): ScaleSetCalls['createScaleSet'] =>
  ({ labels = [], ...rest }, options) =>
    call({
      operation: 'create-scale-set',
      method: 'POST',
      path: SCALE_SETS,
      body: wireOf({ ...rest, labels: labels.length > 0 ? labels : [rest.name] }),
      ok: 200,
      decode: decodeScaleSet,
      ...options,
    });

const updateScaleSet =
  (call: ActionsService): ScaleSetCalls['updateScaleSet'] =>
  (scaleSetId, change, options) =>
    call({
      operation: 'update-scale-set',
      method: 'PATCH',
      path: scaleSetPath(scaleSetId),
      body: wireOf(change),
      ok: 200,
      decode: decodeScaleSet,
      scaleSetId,
      ...options,
    });

const deleteScaleSet =
  (call: ActionsService): ScaleSetCalls['deleteScaleSet'] =>
  async (scaleSetId, options) => {
    const operation = 'delete-scale-set';
    const path = scaleSetPath(scaleSetId);
    const decode = decodeNothing;
    await noneIf(
      'gone',
      call({ operation, method: 'DELETE', path, ok: 204, decode, scaleSetId, ...options }),
    );
  };

/** The service's own client always sends setting and date; an empty setting might mean that updates are on again. */
const wireOf = ({ name, runnerGroupId, labels, disableUpdate = true }: ScaleSetChange): object => ({
  ...(name !== undefined && { name }),
  ...(runnerGroupId !== undefined && { runnerGroupId }),
  ...(labels !== undefined && { labels: systemLabels(labels) }),
  RunnerSetting: { disableUpdate },
  createdOn: '0001-01-01T00:00:00Z',
});

const systemLabels = (names: readonly string[]): Label[] => names.map((name) => ({ type: 'System', name }));
