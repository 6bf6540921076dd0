import {
  adoptionProblem,
  currentScaleSetId,
  holderName,
  holds,
  otherHolders,
  takenProblem,
} from '../../../../src/activities/autoscaling-runner-set/policies/scale-set-holders.ts';
import { CONFIG_URL_ANNOTATION, RUNNER_SCALE_SET_ID_ANNOTATION } from '../../../../src/api/annotations.ts';
import type { AutoscalingRunnerSet } from '../../../../src/api/v1alpha1/autoscaling-runner-set.ts';

const url = 'https://github.com/octo/app';

interface Parts {
  id?: number;
  specUrl?: string;
  /** Where the id is valid; with ARC's objects nobody says so. */
  heldAt?: string;
  created?: string;
  deleting?: boolean;
}

const one = (name: string, { id = 7, specUrl = url, heldAt, created = '10', deleting }: Parts = {}) =>
  ({
    metadata: {
      ...{ namespace: 'team', name, uid: name, creationTimestamp: `2026-01-01T00:00:${created}Z` },
      ...(deleting && { deletionTimestamp: '2026-01-02T00:00:00Z' }),
      annotations: {
        ...(id > 0 && { [RUNNER_SCALE_SET_ID_ANNOTATION]: String(id) }),
        ...(heldAt !== undefined && { [CONFIG_URL_ANNOTATION]: heldAt }),
      },
    },
    spec: { githubConfigUrl: specUrl },
  }) as unknown as AutoscalingRunnerSet;

test.each<[string, AutoscalingRunnerSet, boolean, number]>([
  ['the same at the same URL', one('b'), true, 7],
  ['whatever case its URL has', one('b', { specUrl: 'https://GitHub.com/Octo/App/' }), true, 7],
  ['another id', one('b', { id: 8 }), false, 8],
  ['no id', one('b', { id: 0 }), false, 0],
  ['the same id elsewhere', one('b', { specUrl: 'https://github.com/octo/other' }), false, 7],
  ['it is about to leave the URL', one('b', { specUrl: `${url}2`, heldAt: url }), true, 0],
  ['it is about to come to the URL', one('b', { heldAt: `${url}2` }), false, 0],
])('who has a scale set: %s', (_what, each, expected, current) => {
  expect(holds(each, { id: 7, url })).toBe(expected);
  expect(currentScaleSetId(each)).toBe(current);
});

test('the others that have it, the oldest first, without those that leave', () => {
  const self = one('self');
  const all = [
    self,
    one('young', { created: '30' }),
    one('old', { created: '05' }),
    one('going', { deleting: true }),
    one('b', { created: '05' }),
    one('elsewhere', { id: 9 }),
  ];
  expect(otherHolders({ id: 7, url }, self, all).map(holderName)).toEqual([
    'team/b',
    'team/old',
    'team/young',
  ]);
});

describe('of two that have one scale set', () => {
  test('the older goes on, the younger is told of it', () => {
    const [older, younger] = [one('older', { created: '05' }), one('younger')];
    const all = [younger, older];
    expect(takenProblem(older, all)).toBeUndefined();
    expect(takenProblem(younger, all)).toEqual({
      reason: 'ScaleSetTaken',
      message: expect.stringContaining(`team/older has scale set 7 at ${url} already; give this one another`),
    });
  });

  test('of the same second, the first by name does', () => {
    const all = [one('b'), one('a')];
    expect(all.map((each) => takenProblem(each, all)?.reason)).toEqual(['ScaleSetTaken', undefined]);
  });

  test('without an id there is nothing that another one could have', () => {
    expect(takenProblem(one('new', { id: 0 }), [one('older', { id: 0, created: '05' })])).toBeUndefined();
  });
});

test.each<[string, AutoscalingRunnerSet[], object | undefined]>([
  [
    'an older one has it: it is next',
    [one('older', { created: '05' })],
    { reason: 'ScaleSetTaken', next: true },
  ],
  ['a younger one has it: that one keeps it', [one('younger', { created: '20' })], { next: false }],
  ['nobody has it', [one('other', { id: 8 })], undefined],
])('a scale set that was found by its name: %s', (_what, others, expected) => {
  const problem = adoptionProblem(one('new', { id: 0 }), others, 7);
  if (expected) expect(problem).toMatchObject(expected);
  else expect(problem).toBeUndefined();
});
