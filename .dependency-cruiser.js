/**
 * Which rooms may know which (docs/architecture.md): imports go one way, and there are no circles, types included.
 * `make verify` holds it; test/rooms.test.ts shows that each rule catches what it is for.
 */

/** The rooms under src, and which of them each one may import. */
const ROOMS = {
  api: [],
  messages: ['api'],
  github: ['api'],
  kubernetes: ['api'],
  workflows: ['messages', 'api'],
  activities: ['github', 'kubernetes', 'messages', 'api'],
  workers: ['activities', 'workflows', 'github', 'kubernetes', 'messages', 'api'],
  cli: ['workers', 'kubernetes', 'messages', 'api'],
};

/** Workflows know the activities by their types only: the code itself must never enter the sandbox. */
const TYPES_ONLY = { workflows: ['activities'] };

/** What each room of src/activities may import of the others; the files beside the rooms are for all. */
const ACTIVITY_ROOMS = {
  'github-access': [],
  'ephemeral-runner-set': ['github-access'],
  'autoscaling-runner-set': ['github-access'],
  'autoscaling-listener': ['github-access'],
  'cluster-watch': ['autoscaling-runner-set/policies', 'autoscaling-listener/policies'],
};

/** What would break replay: Node itself, and the clients of the outside world. */
const OUTSIDE_THE_SANDBOX = [
  '(^|/)node_modules/(undici|prom-client|typebox|@kubernetes|@octokit|@azure)(/|$)',
  '(^|/)node_modules/@temporalio/(client|worker|activity)(/|$)',
];

const typesOnly = { dependencyTypesNot: ['type-only'] };

const rooms = Object.entries(ROOMS).flatMap(([room, known]) => {
  const asTypes = TYPES_ONLY[room] ?? [];
  const strangers = Object.keys(ROOMS).filter((other) => ![room, ...known, ...asTypes].includes(other));
  return [
    {
      name: `${room}-knows`,
      comment: `src/${room} imports ${known.length > 0 ? known.join(', ') : 'no other room'}.`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: `^src/(${strangers.join('|')})/` },
    },
    ...asTypes.map((other) => ({
      name: `${room}-knows-types-of-${other}`,
      comment: `src/${room} imports types of src/${other}, and nothing else.`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: `^src/${other}/`, ...typesOnly },
    })),
  ];
});

const activityRooms = Object.entries(ACTIVITY_ROOMS).map(([room, known]) => ({
  name: `activities-${room}-knows`,
  comment: `src/activities/${room} imports ${known.length > 0 ? known.join(', ') : 'no other room of activities'}.`,
  severity: 'error',
  from: { path: `^src/activities/${room}/` },
  to: {
    path: '^src/activities/[^/]+/',
    pathNot: [room, ...known].map((other) => `^src/activities/${other}/`),
    // Types of what one activity tells another are no dependency on how it is done.
    ...typesOnly,
  },
}));

const workflowRooms = {
  name: 'workflow-rooms-know-no-other',
  comment: 'A resource’s workflow imports nothing of another resource’s.',
  severity: 'error',
  from: { path: '^src/workflows/([^/]+)/' },
  to: { path: '^src/workflows/[^/]+/', pathNot: ['^src/workflows/$1/', '^src/workflows/policies/'] },
};

const policies = [
  {
    name: 'policies-are-pure',
    comment: 'A policy decides from what it is given: no client, nothing of Temporal.',
    severity: 'error',
    from: { path: '^src/.*/policies/' },
    to: { path: '(^|/)(node_modules/@temporalio|src/kubernetes/client)/', ...typesOnly },
  },
  {
    name: 'policies-use-nothing-of-node',
    comment: 'A policy decides from what it is given: nothing of Node.',
    severity: 'error',
    from: { path: '^src/.*/policies/' },
    to: { dependencyTypes: ['core'] },
  },
];

const sandbox = [
  {
    name: 'workflows-stay-in-the-sandbox',
    comment: 'Workflow code is replayed: it must not touch the outside world.',
    severity: 'error',
    from: { path: '^src/(workflows|messages)/' },
    to: { path: OUTSIDE_THE_SANDBOX, ...typesOnly },
  },
  {
    name: 'workflows-use-nothing-of-node',
    comment: 'Workflow code is replayed: nothing of Node.',
    severity: 'error',
    from: { path: '^src/(workflows|messages)/' },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'messages-load-nothing',
    comment: 'Whoever sends a message loads no library for it.',
    severity: 'error',
    from: { path: '^src/messages/' },
    to: { path: '(^|/)node_modules/', pathNot: '(^|/)node_modules/@temporalio/common/', ...typesOnly },
  },
];

export default {
  forbidden: [
    ...rooms,
    ...activityRooms,
    workflowRooms,
    ...policies,
    ...sandbox,
    {
      name: 'no-circle',
      comment:
        'Files that import each other cannot be understood, or changed, one at a time; types included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'src-stands-alone',
      comment: 'src stands without dev, test and bench.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(dev|test|bench)/' },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'Each import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
