import tseslint from 'typescript-eslint';

/** The rooms under src, and which of them each one may import (docs/architecture.md: imports go one way). */
const rooms = {
  api: [],
  github: ['api'],
  kubernetes: ['api'],
  workflows: ['api'],
  activities: ['github', 'kubernetes', 'api'],
  workers: ['activities', 'github', 'kubernetes', 'workflows', 'api'],
  cli: ['workers', 'workflows', 'kubernetes', 'api'],
};

/** Workflows know the activities by their types only: the code itself must never enter the sandbox. */
const typesOnly = { workflows: ['activities'] };

/** What would break replay: Node itself, and the clients of the outside world. */
const outsideTheSandbox = [
  'node:*',
  'undici',
  'prom-client',
  'typebox',
  'typebox/*',
  '@kubernetes/client-node',
  '@octokit/*',
  '@azure/*',
  '@temporalio/client',
  '@temporalio/worker',
  '@temporalio/activity',
];

const folder = (room) => [`**/${room}/**`];

const directionOf = (room) => {
  const strangers = Object.keys(rooms).filter((other) => other !== room && !rooms[room].includes(other));
  const closed = strangers.filter((other) => !(typesOnly[room] ?? []).includes(other));
  const patterns = [
    { group: closed.flatMap(folder), message: `src/${room} must not import this folder.` },
    { group: ['**/dev/**', '**/test/**', '**/bench/**'], message: 'src stands without dev, test and bench.' },
  ];
  for (const other of typesOnly[room] ?? []) {
    patterns.push({ group: folder(other), allowTypeImports: true, message: `Only types of src/${other}.` });
  }
  if (room === 'workflows') {
    const message = 'Workflow code is replayed: it must not touch the outside world.';
    patterns.push({ group: outsideTheSandbox, allowTypeImports: true, message });
  }
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
};

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'coverage', '*.config.js'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
    },
  },
  ...Object.keys(rooms).map(directionOf),
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setInterval', 'fetch', 'process', 'Buffer', 'require', 'structuredClone'].map((name) => ({
          name,
          message: 'Not in workflow code: it is replayed in a sandbox.',
        })),
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-params': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Jest types its asymmetric matchers as any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
