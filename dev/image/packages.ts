/** What package-lock.json says of one package, as far as it matters here. */
interface LockedPackage {
  version?: string;
  link?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  integrity?: string;
}

/** package-lock.json: packages by their path, the project itself at `''`. */
export interface Lock {
  packages: Readonly<Record<string, LockedPackage>>;
}

const BUNDLER = 'bundles workflows, which the build has done';

/** What is depended on and never used by the program in its image, and why. What only these need goes with them. */
const UNUSED: Readonly<Record<string, string>> = {
  webpack: BUNDLER,
  memfs: BUNDLER,
  unionfs: BUNDLER,
  'swc-loader': BUNDLER,
  'source-map-loader': BUNDLER,
  '@swc/core': BUNDLER,
  'bare-fs': 'stands for node:fs in another runtime than Node.js',
  'bare-path': 'stands for node:path in another runtime than Node.js',
  '@azure/msal-browser': 'for browsers',
};

/** Loaded at the start by the package that bundles workflows, which is not asked to. */
export const STUBBED = ['webpack', 'memfs', 'unionfs'] as const;

/**
 * The packages that the program needs in its image.
 *
 * @returns their paths below the project's folder, such as `node_modules/undici`, sorted
 */
export function neededPackages({ packages }: Lock): string[] {
  const needed = new Set<string>();
  const visit = (path: string): void => {
    const { dependencies, optionalDependencies } = packages[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = name in UNUSED ? undefined : locate({ packages }, path, name);
      if (found === undefined || needed.has(found)) continue;
      needed.add(found);
      visit(found);
    }
  };
  visit('');
  return [...needed].sort();
}

/** Where Node.js finds a package from another one: the nearest `node_modules` upwards. */
function locate({ packages }: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === '') return undefined;
  }
}

/** What is of use to people and compilers only. Licences stay. */
const FOR_PEOPLE = /\.(map|[cm]?ts|tsx|flow|md|markdown|html|tsbuildinfo)$/i;
const LICENCE = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i;

/** What packages bring for other surroundings than Node.js, or to build themselves. */
const ELSEWHERE = [
  /(^|\/)@(azure|typespec)\/[^/]+\/(.*\/)?dist\/(browser|react-native|workerd)\//,
  /(^|\/)@temporalio\/core-bridge\/(sdk-core|src|ts|bridge-macros|scripts|Cargo\.)/,
];

const RELEASE = /(^|\/)@temporalio\/core-bridge\/releases\/([^/]+)\//;

/** Architectures as images name them, and what others call them. */
export const ARCHITECTURES = {
  amd64: { node: 'x64', rust: 'x86_64' },
  arm64: { node: 'arm64', rust: 'aarch64' },
} as const;

/** An architecture that an image can be for. */
export type Architecture = keyof typeof ARCHITECTURES;

/**
 * Whether a file of a package belongs into the image.
 *
 * @param path below the project's folder
 */
export function isNeeded(path: string, architecture: Architecture): boolean {
  const [, , platform] = RELEASE.exec(path) ?? [];
  if (platform !== undefined && platform !== `${ARCHITECTURES[architecture].rust}-unknown-linux-gnu`)
    return false;
  if (LICENCE.test(path)) return true;
  return !FOR_PEOPLE.test(path) && !ELSEWHERE.some((pattern) => pattern.test(path));
}
