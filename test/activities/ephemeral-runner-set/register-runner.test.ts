import {
  NameTakenError,
  deregisterByName,
  register,
} from '../../../src/activities/ephemeral-runner-set/register-runner.ts';
import { aScene } from './scene.ts';

const scene = aScene();
const registration = { scaleSetId: 1, name: 'r1', workFolder: '' };
const options = { signal: new AbortController().signal };

beforeEach(() => void scene.github.admin.createScaleSet({ id: 2, name: 'other' }));

describe('register', () => {
  test('answers a JIT config under the name that was asked for', async () => {
    const { runner, encodedJITConfig } = await register(scene.client(), registration, options);
    expect(encodedJITConfig).not.toBe('');
    expect(scene.github.admin.runners()).toMatchObject([{ id: runner.id, name: 'r1', scaleSetId: 1 }]);
  });

  test('removes what an earlier try left under that name, and registers anew', async () => {
    const before = await scene.register('r1');
    const { runner } = await register(scene.client(), registration, options);
    expect(runner.id).not.toBe(before);
    expect(scene.github.admin.runners()).toMatchObject([{ id: runner.id }]);
  });

  test.each<[string, () => Promise<number>]>([
    ['has a job', () => scene.registerBusy('r1')],
    ['belongs to another scale set', () => scene.register('r1', 2)],
  ])('leaves a runner of that name alone that %s', async (_what, prepare) => {
    const id = await prepare();
    await expect(register(scene.client(), registration, options)).rejects.toBeInstanceOf(NameTakenError);
    expect(scene.github.admin.runners()).toMatchObject([{ id }]);
  });

  test('asks nothing when it has been cancelled', async () => {
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(register(scene.client(), registration, { signal })).rejects.toThrow('cancelled');
    expect(scene.callsOf('generatejitconfig')).toBe(0);
  });

  test('cancelled on the way, removes what nobody would know of', async () => {
    scene.github.admin.setLatency({ generatejitconfig: 100 });
    const controller = new AbortController();
    const client = scene.client();
    const answer = register(client, registration, { signal: controller.signal });
    while (scene.callsOf('generatejitconfig') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    controller.abort(new Error('cancelled'));
    await expect(answer).rejects.toThrow('cancelled');
    while (scene.callsOf('removerunner') === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    while (scene.registered().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test('a GitHub that refuses is told as it is', async () => {
    scene.github.admin.addFault({ match: 'generatejitconfig', kind: 'status', status: 403 });
    await expect(register(scene.client(), registration, options)).rejects.toMatchObject({
      decision: 'refused',
    });
  });
});

describe('deregisterByName', () => {
  const named = { scaleSetId: 1, name: 'r1' };

  test('removes the runner of that name, and is content without one', async () => {
    await scene.register('r1');
    await scene.register('r2');
    await deregisterByName(scene.client(), named, options);
    await deregisterByName(scene.client(), named, options);
    expect(scene.registered()).toEqual(['r2']);
  });

  test('says which scale set has the name', async () => {
    await scene.register('r1', 2);
    await expect(deregisterByName(scene.client(), named, options)).rejects.toThrow(/scale set 2/);
  });

  test('says that the runner has a job, with the reason that GitHub gave', async () => {
    await scene.registerBusy('r1');
    await expect(deregisterByName(scene.client(), named, options)).rejects.toMatchObject({
      name: 'NameTakenError',
      cause: { decision: 'job-still-running' },
    });
  });
});
