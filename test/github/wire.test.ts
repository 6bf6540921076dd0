import { parseJson } from '../../src/github/transport/json.ts';
import {
  decodeAcquired,
  decodeJitConfig,
  decodeJob,
  decodeMessage,
  decodeRegistration,
  decodeRunner,
  decodeRunnerGroupList,
  decodeRunnerList,
  decodeScaleSet,
  decodeScaleSetList,
  decodeSession,
} from '../../src/github/wire.ts';

const read = <T>(decode: (value: unknown) => T, value: unknown): T =>
  decode(parseJson(JSON.stringify(value)));

describe.each([
  ['runners', decodeRunnerList, { id: 1, name: 'r' }],
  ['runner groups', decodeRunnerGroupList, { id: 1, name: 'g' }],
  ['runner scale sets', decodeScaleSetList, { id: 1, name: 's' }],
] as const)('a list of %s', (plural, decode, item) => {
  it.each([
    ['none of nothing', { count: 0, value: [] }],
    ['none without a list', { count: 0 }],
    ['none although one is listed: the count decides', { count: 0, value: [item] }],
  ])('has %s', (_, list) => expect(read<unknown>(decode, list)).toBeUndefined());

  it('has the one', () => {
    expect(read<unknown>(decode, { count: 1, value: [item] })).toMatchObject(item);
  });

  it('of several is no answer: they are of one name', () => {
    expect(() => read<unknown>(decode, { count: 2, value: [item, item] })).toThrow(`multiple ${plural}`);
  });

  it('that counts one and lists none is no answer', () => {
    expect(() => read<unknown>(decode, { count: 1, value: [] })).toThrow('/value has none');
  });

  it.each([{}, { value: [item] }, [item], 'text', 7])('is not %j', (value) => {
    expect(() => read<unknown>(decode, value)).toThrow(TypeError);
  });
});

describe('a scale set', () => {
  it.each(['RunnerSetting', 'runnerSetting', 'runnersetting', 'RUNNERSETTING'])(
    'has its setting as %s',
    (name) => {
      const { runnerSetting } = read(decodeScaleSet, { id: 1, [name]: { disableUpdate: true } });
      expect(runnerSetting).toEqual({ disableUpdate: true });
    },
  );

  it('may lack all but its id; what is unknown or null counts for nothing', () => {
    const odd = { id: 7, $id: '1', labels: null, statistics: null, RunnerSetting: null, createdOn: '0001' };
    expect(read(decodeScaleSet, odd)).toEqual({
      ...{ id: 7, name: '', runnerGroupId: 0, runnerGroupName: '', labels: [] },
      runnerSetting: { disableUpdate: false },
    });
  });

  it('has statistics, zero where they are missing', () => {
    const { statistics } = read(decodeScaleSet, { id: 1, statistics: { totalAssignedJobs: 3 } });
    expect(statistics).toMatchObject({ totalAssignedJobs: 3, totalIdleRunners: 0 });
  });

  it.each([{}, { id: 0 }, { id: '7' }, { id: 7, name: 1 }, { id: 7, labels: [{}] }, null])(
    'is not %j',
    (value) => {
      expect(() => read(decodeScaleSet, value)).toThrow(TypeError);
    },
  );
});

describe('a runner', () => {
  it('belongs to no scale set unless it says so', () => {
    expect(read(decodeRunner, { id: 1, name: 'r' })).toEqual({ id: 1, name: 'r', runnerScaleSetId: 0 });
  });

  it.each([
    { runner: { id: 1, name: 'r' } },
    { runner: { id: 1, name: 'r' }, encodedJITConfig: '' },
    { encodedJITConfig: 'abc' },
  ])('has no JIT config in %j', (value) => expect(() => read(decodeJitConfig, value)).toThrow(TypeError));
});

describe('a registration', () => {
  it.each([{}, { url: 'u' }, { token: 't' }, { url: '', token: 't' }, { url: 'u', token: '' }])(
    'is not %j',
    (value) => expect(() => read(decodeRegistration, value)).toThrow(TypeError),
  );
});

describe('a session', () => {
  it('may lack all but its id', () => {
    expect(read(decodeSession, { sessionId: 's' })).toEqual({
      ...{ sessionId: 's', ownerName: '', messageQueueUrl: '', messageQueueAccessToken: '' },
    });
    expect(() => read(decodeSession, { ownerName: 'me' })).toThrow(TypeError);
  });
});

describe('a message', () => {
  it('may have no body and no statistics', () => {
    const message = { messageId: 1, messageType: 'RunnerScaleSetJobMessages', body: null, statistics: null };
    expect(read(decodeMessage, message)).toEqual({
      ...{ messageId: 1, messageType: 'RunnerScaleSetJobMessages', body: '', problems: [] },
    });
  });
});

describe('a job message', () => {
  it('has the members of its wire type, and never the URL to acquire it', () => {
    const times = { queueTime: '2026-01-01T00:00:00Z', scaleSetAssignTime: '2026-01-01T00:00:01.1234567Z' };
    const job = {
      ...{ messageType: 'JobStarted', runnerRequestId: 7, runnerId: 11, runnerName: 'r', ...times },
      ...{ repositoryName: 'r', ownerName: 'o', jobId: 'a1', jobWorkflowRef: 'o/r/x.yml@refs/heads/main' },
      ...{ jobDisplayName: 'build', workflowRunId: 42, eventName: 'push', requestLabels: ['rs'] },
    };
    const read1 = read(decodeJob, { ...job, acquireJobUrl: 'https://x', more: 1 });
    expect(read1).toEqual({ ...job, runnerRequestId: '7', workflowRunId: '42', result: '' });
  });

  it.each(['0001-01-01T00:00:00Z', '', null, undefined])('has no time that is %j', (time) => {
    const job = { messageType: 'JobCompleted', runnerAssignTime: time, finishTime: '2026-01-01T00:00:00Z' };
    const decoded = read(decodeJob, job);
    expect(decoded).not.toHaveProperty('runnerAssignTime');
    expect(decoded).toHaveProperty('finishTime');
  });

  it('may lack its request id, as at github.com', () => {
    expect(read(decodeJob, { messageType: 'JobAssigned', jobId: 'a1' })).toMatchObject({
      runnerRequestId: '0',
      jobId: 'a1',
    });
  });

  it('keeps ids beyond 2^53', () => {
    const text =
      '{"messageType":"JobAvailable","runnerRequestId":9223372036854775807,"workflowRunId":9007199254740993}';
    expect(decodeJob(parseJson(text))).toMatchObject({
      runnerRequestId: '9223372036854775807',
      workflowRunId: '9007199254740993',
    });
    expect(decodeAcquired(parseJson('{"count":2,"value":[9223372036854775807,7]}'))).toEqual([
      '9223372036854775807',
      '7',
    ]);
  });
});
