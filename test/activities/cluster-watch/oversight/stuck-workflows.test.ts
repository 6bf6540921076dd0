import { WorkflowNotFoundError } from '@temporalio/client';
import { StuckWorkflows } from '../../../../src/activities/cluster-watch/oversight/stuck-workflows.ts';
import type { WorkflowTarget } from '../../../../src/activities/cluster-watch/workflow-target.ts';

const target = (name: string): WorkflowTarget => ({ namespace: 'team', runnerSet: name });
const id = (name: string): string => `c1/ephemeralrunnerset/team/${name}`;

function scene() {
  const broken = new Set<string>();
  const gone = new Set<string>();
  const looked: string[] = [];
  const ended: string[] = [];
  const terminated: string[] = [];
  let now = 0;
  const stuck = new StuckWorkflows({
    cluster: 'c1',
    signal: new AbortController().signal,
    letGoMs: 1,
    onEnded: (each) => void ended.push((each as { runnerSet: string }).runnerSet),
    log: () => undefined,
    clock: () => now,
    workflows: {
      options: { namespace: 'n' },
      getHandle: (workflowId: string, runId?: string) => ({
        describe: () => {
          looked.push(workflowId);
          if (gone.has(workflowId)) throw new WorkflowNotFoundError('gone', workflowId, undefined);
          const pendingWorkflowTask = broken.has(workflowId) ? { attempt: 5 } : undefined;
          return Promise.resolve({ runId: 'r1', status: { name: 'RUNNING' }, raw: { pendingWorkflowTask } });
        },
        terminate: () => Promise.resolve(void terminated.push(`${workflowId} ${runId}`)),
      }),
      workflowService: { getWorkflowExecutionHistoryReverse: () => Promise.resolve({}) },
    } as never,
  });
  return {
    ...{ stuck, broken, gone, looked, ended, terminated },
    later: (ms: number) => void (now += ms),
  };
}

test('one that does not go on for long is ended, and told of once', async () => {
  const { stuck, broken, ended, terminated, later } = scene();
  broken.add(id('bad'));
  const all = [target('good'), target('bad')];
  for (let i = 0; i < 4; i += 1) {
    await stuck.look(all, new Set());
    later(15_000);
  }
  expect(terminated).toEqual([`${id('bad')} r1`]);
  expect(ended).toEqual(['bad']);
  // It is as bad as before: it is left alone for a while.
  for (let i = 0; i < 5; i += 1) {
    await stuck.look(all, new Set());
    later(15_000);
  }
  expect(terminated).toHaveLength(1);
});

test('whoever was told something is looked at, and the others in turn', async () => {
  const { stuck, looked } = scene();
  const names = Array.from({ length: 450 }, (_, i) => `s${i}`);
  const all = names.map(target);
  await stuck.look(all, new Set([id('s449')]));
  expect(looked).toHaveLength(201);
  expect(looked).toContain(id('s449'));
  await stuck.look(all, new Set());
  await stuck.look(all, new Set());
  expect(new Set(looked).size).toBe(450);
});

test('one that ended meanwhile is no longer suspected', async () => {
  const { stuck, broken, gone, ended, later } = scene();
  broken.add(id('bad'));
  await stuck.look([target('bad')], new Set());
  gone.add(id('bad'));
  later(60_000);
  await stuck.look([target('bad')], new Set());
  gone.clear();
  await stuck.look([target('bad')], new Set());
  expect(ended).toEqual([]);
});
