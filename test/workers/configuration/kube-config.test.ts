import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kubeConfigFor, namespaceOf } from '../../../src/workers/configuration/kube-config.ts';

const kubeconfig = (name: string, namespace?: string) =>
  JSON.stringify({
    clusters: [{ name, cluster: { server: `https://${name}:6443` } }],
    users: [{ name, user: {} }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
    'current-context': name,
  });

describe('kubeConfigFor', () => {
  let folder = '';
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'kube-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('joins several files as kubectl does: the first one names the context', () => {
    const paths = [file('a', kubeconfig('east', 'team')), file('b', kubeconfig('west'))].join(':');
    const config = kubeConfigFor({ kubeconfig: paths, context: undefined });
    expect(config.getCurrentCluster()?.server).toBe('https://east:6443');
    expect(namespaceOf(config)).toBe('team');
    const other = kubeConfigFor({ kubeconfig: paths, context: 'west' });
    expect(other.getCurrentCluster()?.server).toBe('https://west:6443');
    expect(namespaceOf(other)).toBe('default');
  });

  it('names the flag, the path and the contexts there are', () => {
    const path = file('a', kubeconfig('east'));
    expect(() => kubeConfigFor({ kubeconfig: '/nowhere', context: undefined })).toThrow(
      '--kubeconfig (or KUBECONFIG) "/nowhere": there is no such file.',
    );
    expect(() => kubeConfigFor({ kubeconfig: path, context: 'north' })).toThrow(
      '"north": the kubeconfig has no such context; it has east.',
    );
    expect(() => kubeConfigFor({ kubeconfig: file('b', '{'), context: undefined })).toThrow('--kubeconfig');
  });
});
