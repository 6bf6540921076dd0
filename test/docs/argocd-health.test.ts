import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LuaFactory } from 'wasmoon';
import { parse } from 'yaml';

/** The health scripts that users give to Argo CD, run as Argo CD runs them: without Lua's libraries for text and files. */

const FILE = join(import.meta.dirname, '../../docs/examples/argocd/argocd-cm.yaml');
const { data } = parse(readFileSync(FILE, 'utf8')) as { data: Record<string, string> };

const lua = new LuaFactory();

interface Health {
  status: string;
  message: string;
}

async function healthOf(kind: string, object: object): Promise<Health> {
  const script = data[`resource.customizations.health.${kind}`]!;
  const engine = await lua.createEngine();
  try {
    engine.global.set('obj', object);
    const without =
      'string, os, io, math, coroutine, utf8, debug, require = nil, nil, nil, nil, nil, nil, nil, nil';
    return (await engine.doString(`${without}\n${script}`)) as Health;
  } finally {
    engine.global.close();
  }
}

const ours = (kind: string): string => `actions.github.com_${kind}`;

const metadata = { name: 'linux', generation: 2 };

const with_ = (conditions: Record<string, string>, more: object = {}) => ({
  metadata,
  status: {
    observedGeneration: 2,
    conditions: Object.entries(conditions).map(([type, status]) => ({
      ...{ type, status, reason: `Why${type}`, message: `About ${type}.` },
    })),
    ...more,
  },
});

const CASES: [string, object, Health][] = [
  ['nothing yet', { metadata }, { status: 'Progressing', message: 'No worker has said anything of it yet.' }],
  [
    'a change that nobody saw',
    with_({ Ready: 'True' }, { observedGeneration: 1 }),
    { status: 'Progressing', message: 'The last change is not seen yet.' },
  ],
  [
    'ready',
    with_({ Ready: 'True', Stalled: 'False' }),
    { status: 'Healthy', message: 'WhyReady: About Ready.' },
  ],
  [
    'on its way',
    with_({ Ready: 'False', Reconciling: 'True', Stalled: 'False' }),
    { status: 'Progressing', message: 'WhyReady: About Ready.' },
  ],
  [
    'a person is needed',
    with_({ Ready: 'False', Reconciling: 'False', Stalled: 'True' }),
    { status: 'Degraded', message: 'WhyStalled: About Stalled.' },
  ],
  [
    'outdated, by a controller that says no Stalled',
    with_({ Ready: 'False', Outdated: 'True' }),
    { status: 'Degraded', message: 'WhyOutdated: About Outdated.' },
  ],
  [
    'paused',
    with_({ Ready: 'True', Paused: 'True' }),
    { status: 'Suspended', message: 'WhyPaused: About Paused.' },
  ],
  [
    'paused and broken',
    with_({ Ready: 'False', Stalled: 'True', Paused: 'True' }),
    { status: 'Degraded', message: 'WhyStalled: About Stalled.' },
  ],
  [
    "running, under ARC's CRDs",
    { metadata, status: { phase: 'Running' } },
    { status: 'Healthy', message: 'Running' },
  ],
  [
    "outdated, under ARC's CRDs",
    { metadata, status: { phase: 'Outdated' } },
    { status: 'Degraded', message: 'GitHub refuses the runner version.' },
  ],
];

describe.each(['AutoscalingRunnerSet', 'EphemeralRunnerSet', 'AutoscalingListener'])('%s', (kind) => {
  test.each(CASES)('%s', async (_name, object, health) => {
    expect(await healthOf(ours(kind), object)).toEqual(health);
  });
});

const RUNNERS: [{ phase?: string; reason?: string; message?: string } | undefined, string][] = [
  [undefined, 'Progressing'],
  [{}, 'Progressing'],
  [{ phase: '' }, 'Progressing'],
  [{ phase: 'Pending', reason: 'ImagePullBackOff' }, 'Progressing'],
  [{ phase: 'Running' }, 'Healthy'],
  [{ phase: 'Succeeded' }, 'Healthy'],
  [{ phase: 'Failed', message: 'exit code 1' }, 'Degraded'],
  [{ phase: 'Outdated' }, 'Degraded'],
];

test.each(RUNNERS)('EphemeralRunner %j is %s', async (status, expected) => {
  const health = await healthOf(ours('EphemeralRunner'), { metadata, status });
  expect(health.status).toBe(expected);
  expect(health.message).toBe(status?.message ?? status?.reason ?? '');
});

test.each([
  [{}, { status: 'Progressing', message: '' }],
  [{ health: { status: 'Degraded', message: 'm' } }, { status: 'Degraded', message: 'm' }],
  [{ health: { status: 'Healthy' } }, { status: 'Healthy', message: '' }],
])('an Application with %j', async (status, health) => {
  expect(await healthOf('argoproj.io_Application', { status })).toEqual(health);
});
