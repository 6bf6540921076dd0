import type { AutoscalingListener } from '../../../../src/api/v1alpha1/autoscaling-listener.ts';
import { unusedTemplate } from '../../../../src/activities/autoscaling-listener/policies/unused-template.ts';

const listener = (template?: object): AutoscalingListener =>
  ({ metadata: {}, spec: template ? { template } : {} }) as never;
const withContainer = (container: object): AutoscalingListener =>
  listener({
    spec: {
      containers: [
        { name: 'listener', ...container },
        { name: 'side', image: 'other' },
      ],
    },
  });
const resources = { resources: { limits: { cpu: '1' } } };
const options = { listenerMode: 'worker', listenerImage: 'ours' } as const;

test.each<[string, AutoscalingListener]>([
  ['there is none', listener()],
  ['it gives resources only', withContainer(resources)],
  ['it says nothing of containers', listener({ metadata: { labels: { a: 'b' } } })],
  ['image and command are empty', withContainer({ image: '', command: [] })],
])('all of a template is used: %s', (_what, given) => {
  expect(unusedTemplate(given, options)).toBeUndefined();
});

test('image and command of another program are not', () => {
  const image = 'ghcr.io/actions/gha-runner-scale-set-controller:0.12.1';
  const unused = unusedTemplate(withContainer({ image, command: ['/ghalistener'] }), options);
  expect(unused?.reason).toBe('ImageNotUsed');
  expect(unused?.message).toMatch(/containers\[listener\]\.image and .*\.command not used/);
  expect(unusedTemplate(withContainer({ image }), options)?.message).not.toContain('command');
});

test('nothing of it is where no image is known: it listens in a worker, and says what to do', () => {
  const unused = unusedTemplate(withContainer(resources), { listenerMode: 'worker' });
  expect(unused).toMatchObject({ reason: 'ListenerImageMissing' });
  expect(unused?.message).toContain('--listener-image');
});
