import type { AutoscalingListener } from '../../../../src/api/v1alpha1/autoscaling-listener.ts';
import { LISTENER_MODE_ANNOTATION } from '../../../../src/api/annotations.ts';
import { listenerModeOf } from '../../../../src/activities/autoscaling-listener/policies/listener-mode.ts';

const listener = (mode: string | undefined, template?: object): AutoscalingListener =>
  ({
    metadata: { annotations: mode === undefined ? {} : { [LISTENER_MODE_ANNOTATION]: mode } },
    spec: template ? { template } : {},
  }) as never;

test.each<[what: string, AutoscalingListener, configured: 'worker' | 'pod', expected: 'worker' | 'pod']>([
  ['where the worker says', listener(undefined), 'worker', 'worker'],
  ['where the worker says', listener(undefined), 'pod', 'pod'],
  ['in a pod, by annotation', listener('pod'), 'worker', 'pod'],
  ['in a worker, by annotation', listener('worker'), 'pod', 'worker'],
  ['in a worker, by an annotation that nobody knows', listener('elsewhere'), 'pod', 'worker'],
  ['in a pod, by its template', listener(undefined, { spec: {} }), 'worker', 'pod'],
  [
    'in a pod, by its template, whatever the annotation says',
    listener('worker', { spec: {} }),
    'worker',
    'pod',
  ],
])('%s', (_what, given, listenerMode, expected) => {
  expect(listenerModeOf(given, { listenerMode, listenerImage: 'i' })).toBe(expected);
  // Without an image no pod can be made, and listening is what matters.
  expect(listenerModeOf(given, { listenerMode })).toBe('worker');
});

test('without any metadata, where the worker says', () => {
  expect(
    listenerModeOf({ metadata: {}, spec: {} } as never, { listenerMode: 'pod', listenerImage: 'i' }),
  ).toBe('pod');
  expect(listenerModeOf({ metadata: {}, spec: { image: 'i' } } as never, { listenerMode: 'pod' })).toBe(
    'pod',
  );
});
