import {
  observedPod,
  observedRunner,
  observedRunnerSet,
} from '../../../src/activities/cluster-watch/observed-runners.ts';
import { PATCH_ID_ANNOTATION, PAUSED_ANNOTATION } from '../../../src/api/annotations.ts';
import { EPHEMERAL_RUNNER_SET_FINALIZER } from '../../../src/api/finalizers.ts';
import { SCALE_SET_NAME_LABEL } from '../../../src/api/labels.ts';
import { revisionOf } from '../../../src/api/revision.ts';
import type { EphemeralRunner, EphemeralRunnerSpec } from '../../../src/api/v1alpha1/ephemeral-runner.ts';
import type { EphemeralRunnerSet } from '../../../src/api/v1alpha1/ephemeral-runner-set.ts';
import type { PodState } from '../../../src/kubernetes/pod-state.ts';

const template = {
  githubConfigUrl: 'https://github.com/octo/app',
  githubConfigSecret: 'github',
  runnerScaleSetId: 7,
} as EphemeralRunnerSpec;

const deletionTimestamp = '2026-01-02T00:00:00Z';

describe('an EphemeralRunnerSet', () => {
  const set = (over: Partial<EphemeralRunnerSet> = {}, metadata: object = {}): EphemeralRunnerSet =>
    ({
      metadata: { name: 'demo-abcde', namespace: 'team', uid: 'set-1', generation: 3, ...metadata },
      spec: { replicas: 2, patchID: 5, ephemeralRunnerSpec: template },
      ...over,
    }) as EphemeralRunnerSet;

  test('is what it wants, and the revision of its template', () => {
    expect(observedRunnerSet(set())).toEqual({
      uid: 'set-1',
      generation: 3,
      revision: revisionOf(template),
      replicas: 2,
      patchId: 5,
      configUrl: 'https://github.com/octo/app',
      scaleSet: 'demo-abcde',
    });
  });

  test('without a template has no revision, and wants nothing unless it says so', () => {
    expect(observedRunnerSet(set({ spec: {} }))).toMatchObject({
      revision: '',
      configUrl: '',
      replicas: 0,
      patchId: 0,
    });
  });

  test.each<[string, Partial<EphemeralRunnerSet>, object, object]>([
    ['its finalizer', {}, { finalizers: [EPHEMERAL_RUNNER_SET_FINALIZER] }, { hasFinalizer: true }],
    ['that it is being deleted', {}, { deletionTimestamp }, { deleting: true }],
    ['that it is paused', {}, { annotations: { [PAUSED_ANNOTATION]: 'true' } }, { paused: true }],
    ['the name of its scale set', {}, { labels: { [SCALE_SET_NAME_LABEL]: 'demo' } }, { scaleSet: 'demo' }],
  ])('says %s', (_what, over, metadata, expected) => {
    expect(observedRunnerSet(set(over, metadata))).toEqual({ ...observedRunnerSet(set()), ...expected });
  });

  test.each([
    ['Always', { restartPolicy: 'Always' }],
    ['Never', {}],
    [undefined, {}],
  ])('a template with restartPolicy %s', (restartPolicy, expected) => {
    const spec = { ...template, spec: { containers: [], ...(restartPolicy && { restartPolicy }) } };
    const { restartPolicy: told } = observedRunnerSet(set({ spec: { ephemeralRunnerSpec: spec } }));
    expect(told).toBe((expected as { restartPolicy?: string }).restartPolicy);
  });

  test("of others' finalizers says nothing", () => {
    expect(observedRunnerSet(set({}, { finalizers: ['of/others'] }))).not.toHaveProperty('hasFinalizer');
  });
});

describe('an EphemeralRunner', () => {
  const owner = { kind: 'EphemeralRunnerSet', name: 'demo', controller: true, apiVersion: 'v', uid: 'set-1' };
  const runner = (status: object = {}, metadata: object = {}): EphemeralRunner =>
    ({
      metadata: {
        name: 'r1',
        namespace: 'team',
        creationTimestamp: '2026-01-01T00:00:01.900Z',
        ownerReferences: [owner],
        ...metadata,
      },
      spec: template,
      status,
    }) as EphemeralRunner;

  test('is known by its set, with the second it was made in', () => {
    expect(observedRunner(runner())).toEqual({
      namespace: 'team',
      runnerSet: 'demo',
      runner: {
        name: 'r1',
        revision: revisionOf(template),
        patchId: 0,
        createdAt: Date.parse('2026-01-01T00:00:01Z') / 1000,
      },
    });
  });

  test.each<[string, object, object, object]>([
    ['its id at GitHub', { runnerId: 9 }, {}, { runnerId: 9 }],
    ['its phase and readiness', { phase: 'Running', ready: true }, {}, { phase: 'Running', ready: true }],
    ['that it has a job', { jobId: 'job-1' }, {}, { hasJob: true }],
    ['how its job ended', { jobResult: 'failed' }, {}, { jobResult: 'failed' }],
    ['that it is being deleted', {}, { deletionTimestamp }, { deleting: true }],
    ['which order made it', {}, { annotations: { [PATCH_ID_ANNOTATION]: '4' } }, { patchId: 4 }],
    ['no order that is no number', {}, { annotations: { [PATCH_ID_ANNOTATION]: 'x' } }, { patchId: 0 }],
  ])('says %s', (_what, status, metadata, expected) => {
    expect(observedRunner(runner(status, metadata)).runner).toMatchObject(expected);
  });

  test.each([
    ['without an owner', []],
    ['that something else owns', [{ ...owner, kind: 'Job' }]],
    ['whose set does not control it', [{ ...owner, controller: false }]],
  ])('%s stands alone', (_what, ownerReferences) => {
    const observed = observedRunner(runner({}, { ownerReferences }));
    expect(observed).not.toHaveProperty('runnerSet');
    expect(observed.runner.standalone).toBe(true);
  });
});

describe('a pod', () => {
  const pod = (over: Partial<PodState> = {}): PodState => ({
    ...{ uid: 'pod-1', name: 'r1', namespace: 'team', phase: 'Pending', ready: false, deleting: false },
    ...{ runner: undefined, ended: false, disrupted: false, nodeLost: false },
    ...over,
  });
  const words = (source: string) => ({ reason: `${source}Reason`, message: `of the ${source}` });

  test('is its uid and phase where there is nothing else to say', () => {
    expect(observedPod(pod())).toEqual({ uid: 'pod-1', phase: 'Pending' });
  });

  test.each<[string, Partial<PodState>, object]>([
    ['that it is ready', { ready: true }, { ready: true }],
    ['that it waits for a node', { waitsForNode: true }, { waitsForNode: true }],
    ['that it has ended', { ended: true }, { ended: true }],
    ['that the platform ended it', { disrupted: true }, { disrupted: true }],
    ['that it is going, when it is deleted', { deleting: true }, { going: true }],
    ['that it is going, when its node is lost', { nodeLost: true }, { going: true }],
    [
      'how its runner ended, also without words',
      { runner: { state: 'terminated', exitCode: 0 } },
      { exitCode: 0 },
    ],
    [
      'why its runner ended',
      { runner: { state: 'terminated', exitCode: 7, ...words('end') } },
      { exitCode: 7, ...words('end') },
    ],
    ['why its runner waits', { runner: { state: 'waiting', ...words('wait') } }, words('wait')],
    [
      'that a container waits for a person, before why its runner waits',
      { stuck: words('image'), runner: { state: 'waiting', ...words('wait') } },
      { stuck: true, ...words('image') },
    ],
    [
      'its own words first',
      { ...words('pod'), runner: { state: 'terminated', exitCode: 1, ...words('end') } },
      { exitCode: 1, ...words('pod') },
    ],
  ])('says %s', (_what, over, expected) => {
    expect(observedPod(pod(over))).toEqual({ uid: 'pod-1', phase: 'Pending', ...expected });
  });
});
