import { buildEvent } from '../../../src/kubernetes/objects/event.ts';

const regarding = {
  apiVersion: 'actions.github.com/v1alpha1',
  kind: 'EphemeralRunner',
  namespace: 'ns',
  name: 'r1',
};

describe('an Event', () => {
  it('says what happened to whom, and who says so', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(
      buildEvent({
        regarding: { ...regarding, uid: 'u' },
        type: 'Warning',
        reason: 'InvalidPod',
        message: 'm',
        action: 'CreatePod',
        at,
      }),
    ).toEqual({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { generateName: 'r1.', namespace: 'ns' },
      involvedObject: { ...regarding, uid: 'u' },
      type: 'Warning',
      reason: 'InvalidPod',
      message: 'm',
      action: 'CreatePod',
      count: 1,
      firstTimestamp: '2026-01-02T03:04:05.678Z',
      lastTimestamp: '2026-01-02T03:04:05.678Z',
      source: { component: 'temporal-arc' },
      reportingComponent: 'temporal-arc',
      reportingInstance: 'temporal-arc',
    });
  });

  it('cuts a message at the length that the API takes', () => {
    const { message } = buildEvent({ regarding, type: 'Normal', reason: 'R', message: 'x'.repeat(2000) });
    expect(Buffer.byteLength(message ?? '')).toBe(1024);
  });
});
