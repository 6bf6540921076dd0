import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..');

interface Step {
  name?: string;
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}

interface Job {
  needs?: string | string[];
  permissions?: Record<string, string>;
  steps: Step[];
  strategy?: { matrix: Record<string, string[]> };
}

const text = readFileSync(join(root, '.github', 'workflows', 'release.yaml'), 'utf8');
const workflow = parse(text) as {
  on: { push: { tags: string[] } };
  permissions: object;
  jobs: Record<string, Job>;
};
const jobs = Object.entries(workflow.jobs);
const steps = jobs.flatMap(([, job]) => job.steps);

test('it runs for tags of versions alone', () => {
  expect(workflow.on).toEqual({ push: { tags: ['v*'] } });
});

test('each action is pinned by its commit, with its version beside it', () => {
  const uses = [...text.matchAll(/uses: (.*)$/gm)].map(([, use]) => use);
  expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
  for (const use of uses) expect(use).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test('each job may do what it needs, and nothing is allowed to all', () => {
  expect(workflow.permissions).toEqual({});
  const publish = { contents: 'read', packages: 'write', 'id-token': 'write' };
  expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
    version: { contents: 'read' },
    image: publish,
    charts: publish,
    notes: { contents: 'write' },
  });
});

test('no expression stands in a script: it would be run', () => {
  for (const { run = '' } of steps) expect(run).not.toContain('${{');
});

test('the checkout keeps no credentials', () => {
  for (const step of steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@')))
    expect(step.with).toMatchObject({ 'persist-credentials': false });
});

test('jobs wait for jobs that exist, and nothing is published before the version is checked', () => {
  const names = Object.keys(workflow.jobs);
  for (const [name, { needs = [] }] of jobs) {
    for (const other of [needs].flat()) expect(names).toContain(other);
    if (name !== 'version') expect([needs].flat()).toContain('version');
  }
});

test('the image is built for both platforms from our Dockerfile, with its arguments', () => {
  const build = steps.find(({ uses = '' }) => uses.startsWith('docker/build-push-action@'));
  expect(build?.with).toMatchObject({
    file: 'Dockerfile',
    platforms: 'linux/amd64,linux/arm64',
    provenance: 'mode=max',
    sbom: true,
  });
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const given = String(build?.with?.['build-args']).trim().split('\n');
  for (const line of given) expect(dockerfile).toContain(`ARG ${line.split('=')[0] ?? ''}=`);
  expect(given).toHaveLength(3);
});

test('the charts are those that there are', () => {
  const { chart } = workflow.jobs['charts']?.strategy?.matrix ?? {};
  expect(chart).toEqual(['gha-runner-scale-set-controller', 'gha-runner-scale-set']);
  expect(existsSync(join(root, 'charts'))).toBe(true);
  for (const name of chart ?? [])
    expect([name, existsSync(join(root, 'charts', name, 'Chart.yaml'))]).toEqual([name, true]);
});

test("the line that the controller's chart names its image in is the one that is written anew", () => {
  const chart = readFileSync(join(root, 'charts', 'gha-runner-scale-set-controller', 'Chart.yaml'), 'utf8');
  const [, line = ''] = /sed -i "s\|(\^[^|]+)\|/.exec(text) ?? [];
  expect(chart.match(new RegExp(line, 'gm'))).toHaveLength(1);
});
