import { startGitHub } from '../../../dev/github/stand-in.ts';
import type { GitHubOptions, GitHubStandIn } from '../../../dev/github/stand-in.ts';
import type { JobView } from '../../../dev/github/protocol.ts';
import { createMessageSession } from '../../../src/github/message-session.ts';
import { clientOf } from './client.ts';

/** What becomes of jobs whose scale set is deleted before a runner took them. */
let github: GitHubStandIn;

const start = async (options: GitHubOptions = {}): Promise<void> => {
  github = await startGitHub(options);
};

afterEach(() => github.stop());

const jobs = (): Partial<JobView>[] =>
  github.admin.jobs().map(({ scaleSetId, state }) => ({ scaleSetId, state }));

/** Announces a capacity, by one poll. @returns how many jobs are offered */
async function listen(scaleSetId: number, maxCapacity: number): Promise<number | undefined> {
  const session = await createMessageSession(clientOf(github.url), { scaleSetId, owner: 'test' });
  const message = await session.getMessage({ maxCapacity });
  return message?.available.length;
}

it('they are queued again, and the next scale set with their label takes them', async () => {
  await start({ pollMs: 200 });
  const { id } = github.admin.createScaleSet({ name: 'linux' });
  github.admin.queueJobs({ scaleSetId: id, count: 3 });
  await listen(id, 1);
  expect(jobs().map(({ state }) => state)).toEqual(['assigned', 'queued', 'queued']);
  await clientOf(github.url).deleteScaleSet(id);
  expect(jobs().map(({ state }) => state)).toEqual(['queued', 'queued', 'queued']);

  const other = github.admin.createScaleSet({ name: 'windows' });
  expect(jobs().map(({ scaleSetId }) => scaleSetId)).not.toContain(other.id);
  const next = github.admin.createScaleSet({ name: 'again', labels: ['Linux', 'gpu'] });
  expect(jobs()).toEqual(Array(3).fill({ scaleSetId: next.id, state: 'queued' }));
  await listen(next.id, 3);
  expect(jobs()).toEqual(Array(3).fill({ scaleSetId: next.id, state: 'assigned' }));
});

it('another scale set that has their label already takes them at once', async () => {
  await start();
  const first = github.admin.createScaleSet({ name: 'first', labels: ['linux'] });
  const second = github.admin.createScaleSet({ name: 'second', labels: ['linux'] });
  github.admin.queueJobs({ scaleSetId: first.id });
  await clientOf(github.url).deleteScaleSet(first.id);
  expect(jobs()).toEqual([{ scaleSetId: second.id, state: 'queued' }]);
});

it('so does one that gets the label, but not one of another repository', async () => {
  await start();
  const first = github.admin.createScaleSet({ name: 'first', configPath: 'org/repo' });
  github.admin.queueJobs({ scaleSetId: first.id });
  await clientOf(github.url).deleteScaleSet(first.id);
  github.admin.createScaleSet({ name: 'first', configPath: 'org/other' });
  expect(jobs()).toEqual([{ scaleSetId: first.id, state: 'queued' }]);
  const { id } = github.admin.createScaleSet({ name: 'renamed', configPath: 'org/repo' });
  await clientOf(github.url).updateScaleSet(id, { labels: ['first'] });
  expect(jobs()).toEqual([{ scaleSetId: id, state: 'queued' }]);
});

it('where jobs are acquired, they are offered again', async () => {
  await start({ style: 'ghes', pollMs: 200 });
  const { id } = github.admin.createScaleSet({ name: 'linux' });
  github.admin.queueJobs({ scaleSetId: id });
  await clientOf(github.url).deleteScaleSet(id);
  const next = github.admin.createScaleSet({ name: 'linux' });
  expect(jobs()).toEqual([{ scaleSetId: next.id, state: 'available' }]);
  expect(await listen(next.id, 1)).toBe(1);
});
