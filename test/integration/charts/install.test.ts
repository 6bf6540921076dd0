import { execFile } from 'node:child_process';
import type { ExecFileException } from 'node:child_process';
import { jest } from '@jest/globals';
import { ensureTools } from '../../../dev/toolchain/toolchain.ts';
import { freshNamespace, suiteServers } from '../support/servers.ts';
import type { FreshNamespace } from '../support/servers.ts';
import type { ChartName, Rendered } from './cases.ts';
import { CHARTS, casesOf } from './cases.ts';
import { chartFolder, render, runHelm } from './helm.ts';

/** The charts on a real API server: everything that they render is taken, and Helm installs, upgrades and removes them. */

jest.setTimeout(120_000);

let tools: Record<'helm' | 'helm4' | 'kubectl', string>;
let namespace: FreshNamespace;

beforeAll(async () => {
  tools = await ensureTools(['helm', 'helm4', 'kubectl']);
  namespace = await freshNamespace('charts');
});

afterAll(() => namespace.remove());

/** Runs kubectl; what it prints on failure is the error's message. */
function kubectl(args: readonly string[], input?: object): Promise<string> {
  return new Promise((resolve, reject) => {
    const answered = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve(stdout);
    };
    const common = ['--kubeconfig', suiteServers().kubeconfig];
    const child = execFile(tools.kubectl, [...common, ...args], { maxBuffer: 64 << 20 }, answered);
    child.stdin?.end(input && JSON.stringify(input));
  });
}

/** Served by the Prometheus Operator, which is not here. */
const NOT_SERVED = ['ServiceMonitor', 'PodMonitor'];

it('takes all that is rendered, with every values file, and finds no field that it does not know', async () => {
  const cases = (Object.keys(CHARTS) as ChartName[])
    .flatMap(casesOf)
    .filter(({ error }) => error === undefined);
  const objects: Rendered[] = [];
  // Every object in the one namespace that there is: dry runs of the same name do not meet.
  for (const one of cases) objects.push(...(await render(tools.helm, one)).map(placed));
  const items = objects.filter((object) => !NOT_SERVED.includes(object.kind) && !lacksClaim(object));
  const answer = await kubectl(
    ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-', '-o', 'name'],
    { apiVersion: 'v1', kind: 'List', items },
  );
  expect(answer.trim().split('\n')).toHaveLength(items.length);
});

/** As ARC renders kubernetes mode without `kubernetesModeWorkVolumeClaim`: Kubernetes refuses it, and the notes say why. */
const lacksClaim = (object: Rendered): boolean =>
  JSON.stringify(object).includes('"volumeClaimTemplate":{"spec":null}');

const placed = (object: Rendered): Rendered =>
  object.metadata.namespace === undefined
    ? object
    : { ...object, metadata: { ...object.metadata, namespace: namespace.name } };

/** Runs kubectl in the namespace of this file. */
const kubectlHere = (...args: string[]): Promise<string> => kubectl([...args, '-n', namespace.name]);

/** Runs Helm against the suite's API server, in the namespace of this file. */
const helm = (version: 'helm' | 'helm4', ...args: string[]): Promise<string> =>
  runHelm(tools[version], [
    ...args,
    '--kubeconfig',
    suiteServers().kubeconfig,
    '--namespace',
    namespace.name,
  ]);

// Nothing runs a pod to its end here, so the Job of the hook is tried elsewhere (crds-upgrade).
const CONTROLLER = ['--set', 'crds.upgrade=false', '--set', 'image.repository=temporal-arc'];

const SCALE_SET = ['--set', 'githubConfigUrl=https://github.com/org', '--set', 'githubConfigSecret=github'];

describe.each(['helm', 'helm4'] as const)('%s', (version) => {
  const controller = `arc-${version}`;
  const runners = `runners-${version}`;

  it('installs both charts, and the second finds the first', async () => {
    const notes = await helm(
      version,
      'install',
      controller,
      chartFolder('controller'),
      ...CONTROLLER,
      '--set',
      'imagePullPolicy=Never',
      '--set',
      'other=1',
    );
    expect(notes).toContain(`port-forward service/${controller}-gha-rs-controller 8080:80`);
    expect(notes).toContain('NOTE: other is no value of this chart, and is not used.');
    const told = await helm(
      version,
      'install',
      runners,
      chartFolder('scale-set'),
      ...SCALE_SET,
      '--set-string',
      'maxRunners=5',
      '--set',
      'containerMode.type=Dind',
    );
    expect(told).toContain(`runs-on: ${runners}`);
    expect(told).toContain('NOTE: maxRunners is a text');
    expect(told).toContain('NOTE: containerMode.type "Dind" is no mode');
    const binding = await kubectlHere('get', 'rolebinding', `${runners}-gha-rs-manager`, '-o', 'json');
    expect(JSON.parse(binding)).toMatchObject({
      subjects: [{ name: `${controller}-gha-rs-controller`, namespace: namespace.name }],
    });
  });

  it('upgrades them', async () => {
    await helm(
      version,
      'upgrade',
      controller,
      chartFolder('controller'),
      ...CONTROLLER,
      '--set',
      'settings.role=control',
    );
    await helm(version, 'upgrade', runners, chartFolder('scale-set'), ...SCALE_SET, '--set', 'maxRunners=7');
    const scaleSet = await kubectlHere('get', 'autoscalingrunnerset', runners, '-o', 'json');
    expect(JSON.parse(scaleSet)).toMatchObject({ spec: { maxRunners: 7 } });
  });

  it('removes them', async () => {
    await helm(version, 'uninstall', runners);
    // What protects these until the workers are done with the scale set: no worker serves this namespace.
    const protectedOnes = [
      'serviceaccounts,roles,rolebindings',
      '-l',
      `app.kubernetes.io/instance=${runners}`,
    ];
    const left = await kubectlHere('get', ...protectedOnes, '-o', 'name');
    const finalizers = JSON.stringify({ metadata: { finalizers: null } });
    for (const name of left.trim().split('\n')) {
      await kubectlHere('patch', name, '--type=merge', '-p', finalizers);
    }
    await helm(version, 'uninstall', controller);
    const kinds = 'deployments,services,configmaps,roles,rolebindings';
    const objects = await kubectlHere('get', kinds, '-o', 'name');
    expect(objects.trim().split('\n')).toEqual(['configmap/kube-root-ca.crt']);
  });
});

it('with two controllers, the scale set asks which one is meant', async () => {
  for (const name of ['one', 'two'])
    await helm('helm', 'install', name, chartFolder('controller'), ...CONTROLLER);
  const install = helm('helm', 'install', 'runners', chartFolder('scale-set'), ...SCALE_SET);
  await expect(install).rejects.toThrow('More than one gha-rs-controller deployment found');
  for (const name of ['one', 'two']) await helm('helm', 'uninstall', name);
});

it('controllers of single namespaces are found by the namespace that they serve', async () => {
  const single = `flags.watchSingleNamespace=${namespace.name}`;
  await helm('helm', 'install', 'single', chartFolder('controller'), ...CONTROLLER, '--set', single);
  const given = [...SCALE_SET, '--dry-run=server'];
  const found = await helm('helm', 'install', 'runners', chartFolder('scale-set'), ...given);
  expect(found).toContain('name: "single-gha-rs-controller"');
  const elsewhere = helm(
    'helm',
    'install',
    'runners',
    chartFolder('scale-set'),
    ...given,
    '--set',
    'namespaceOverride=default',
  );
  await expect(elsewhere).rejects.toThrow('No gha-rs-controller deployment that watch this namespace found');
  await helm('helm', 'uninstall', 'single');
});
