import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { ClusterIdentity } from '../../src/workers/cluster-identity.ts';
import { claimCluster, claimPatiently, ClusterNameTakenError } from '../../src/workers/cluster-claim.ts';

interface Held {
  clusterUid?: string;
  clusterAuthorities?: string[];
  namespaces: string[];
}

/** Temporal with a watch that somebody began, and that a worker has or not. */
function temporal(held: Held | undefined, isHeld = true, attempt = 1) {
  const done: string[] = [];
  let memo = held;
  const workflows = {
    start: (_type: string, options: { memo: Held }) => {
      if (memo) throw new WorkflowExecutionAlreadyStartedError('open', 'w', 'clusterWatch');
      memo = options.memo;
      done.push('start');
      return Promise.resolve();
    },
    getHandle: () => ({
      describe: () =>
        Promise.resolve({
          memo,
          runId: 'r',
          raw: { pendingActivities: [{ state: isHeld ? 2 : 1 }], pendingWorkflowTask: { attempt } },
        }),
      terminate: () => {
        memo = undefined;
        done.push('terminate');
        return Promise.resolve();
      },
    }),
  } as never;
  return { workflows, done };
}

const id = (uid: string | undefined, ...authorities: string[]): ClusterIdentity => ({ uid, authorities });

const held = (clusterUid: string | undefined, ...clusterAuthorities: string[]): Omit<Held, 'namespaces'> => ({
  ...(clusterUid !== undefined && { clusterUid }),
  clusterAuthorities,
});

const claim = { cluster: 'c1', identity: { uid: 'u1', authorities: [] }, namespaces: ['a', 'b'] };

test.each<[string, ReturnType<typeof temporal>, string[]]>([
  ['nobody has the name', temporal(undefined), ['start']],
  ['another worker of the same installation', temporal({ clusterUid: 'u1', namespaces: ['a', 'b'] }), []],
  [
    'the namespaces were changed, and no worker of before runs any more',
    temporal({ clusterUid: 'u1', namespaces: ['a'] }, false),
    ['terminate', 'start'],
  ],
])('%s', async (_what, { workflows, done }, expected) => {
  await claimCluster(workflows, { ...claim, namespaces: ['b', 'a'] });
  expect(done).toEqual(expected);
});

test('a watch whose tasks fail one after the other is begun anew, and that is told', async () => {
  const ours = { clusterUid: 'u1', namespaces: ['a', 'b'] };
  let told = 0;
  for (const attempt of [1, 5, 6]) {
    const { workflows, done } = temporal(ours, true, attempt);
    await claimCluster(workflows, claim, () => (told += 1));
    expect(done).toEqual(attempt < 6 ? [] : ['terminate', 'start']);
  }
  expect(told).toBe(1);
});

test('workers of other namespaces run under the name: it is refused, with the remedy', async () => {
  const { workflows } = temporal({ clusterUid: 'u1', namespaces: [] });
  const refused = claimCluster(workflows, claim);
  await expect(refused).rejects.toThrow(ClusterNameTakenError);
  await expect(refused).rejects.toThrow(
    /serve all namespaces.*the namespaces a, b;.*--watch-namespace.*--cluster/,
  );
});

test('another cluster has the name: it is refused; a cluster that was rebuilt has a remedy too', async () => {
  const { workflows, done } = temporal({ clusterUid: 'u2', namespaces: ['a', 'b'] }, false);
  await expect(claimCluster(workflows, claim)).rejects.toThrow(
    /--cluster.*rebuilt.*temporal workflow terminate --workflow-id c1\/clusterwatch/,
  );
  expect(done).toEqual([]);
});

test.each<[string, ClusterIdentity, Omit<Held, 'namespaces'>, boolean]>([
  ['both may see the uid: it decides', id('u1', 'x'), held('u1', 'y'), true],
  ['both may see the uid, and it is another', id('u1', 'x'), held('u2', 'x'), false],
  ['one may not: a certificate in common decides', id(undefined, 'x'), held('u1', 'x'), true],
  [
    'while certificates are replaced, both are given',
    id(undefined, 'x', 'y'),
    held(undefined, 'y', 'z'),
    true,
  ],
  ['one may not, and no certificate is the same', id(undefined, 'x'), held('u1', 'y'), false],
  ['neither may, and no certificate is the same', id(undefined, 'x'), held(undefined, 'y'), false],
  ["one has everybody's certificates: nothing speaks against it", id(undefined), held('u1', 'x'), true],
])('%s', async (_what, identity, of, isSame) => {
  const { workflows, done } = temporal({ ...of, namespaces: ['a', 'b'] });
  const claiming = claimCluster(workflows, { ...claim, identity });
  await (isSame ? claiming : expect(claiming).rejects.toThrow('another Kubernetes cluster'));
  expect(done).toEqual([]);
});

test('others that may just be ending are waited for; another cluster is not', async () => {
  let tries = 0;
  const ending = (): Promise<void> => {
    tries += 1;
    return tries < 2
      ? Promise.reject(new ClusterNameTakenError('others', { mayEnd: true }))
      : Promise.resolve();
  };
  await claimPatiently(ending);
  expect(tries).toBe(2);
  const refused = (mayEnd: boolean) => () => Promise.reject(new ClusterNameTakenError('taken', { mayEnd }));
  await expect(claimPatiently(refused(true), 0)).rejects.toThrow('taken');
  await expect(claimPatiently(refused(false))).rejects.toThrow('taken');
});
