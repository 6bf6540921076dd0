import type { Scene } from './support/scene.ts';
import { eventually, startScene } from './support/scene.ts';
import { startScaleSet } from './support/listener-scene.ts';

/** A GitHub that assigns only what the listener acquires, as Enterprise Servers do. */
let scene: Scene;

beforeAll(async () => {
  scene = await startScene('listener-ghes', {
    github: { style: 'ghes', firstRequestId: 9_007_199_254_740_993n },
  });
}, 180_000);

afterAll(() => scene.stop(), 120_000);

test('a GitHub that requires acquire runs its jobs; ids keep all their digits', async () => {
  const demo = await startScaleSet(scene, 'demo', { maxRunners: 5 });
  const [job] = scene.github.admin.queueJobs({ scaleSetId: demo.id, count: 12, durationMs: 300 });
  expect(demo.jobs('available').length + demo.jobs('assigned').length).toBeGreaterThan(0);
  await eventually(() => expect(demo.jobs('completed')).toHaveLength(12));
  expect(job?.runnerRequestId).toBe('9007199254740993');
  expect(scene.calls('acquirejobs')).toBeGreaterThan(0);
  await eventually(async () => expect(await demo.runners()).toEqual([]));
}, 120_000);
