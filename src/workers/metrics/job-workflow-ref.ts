/**
 * The parts of a job's workflow reference, such as `octo/app/.github/workflows/ci.yml@refs/heads/main`: the name of the
 * file, and what it ran on (`heads/…`, `tags/…`, `pull/<number>`). Both are empty when it is no such reference.
 */
export function parseJobWorkflowRef(reference: string): { name: string; target: string } {
  const [path, ref, ...rest] = reference.split('@');
  if (path === undefined || ref === undefined || rest.length > 0) return { name: '', target: '' };
  const file = path.slice(path.lastIndexOf('/') + 1);
  return { name: file.replace(/\.ya?ml$/, ''), target: targetOf(ref) };
}

function targetOf(ref: string): string {
  const [, kind, name = ''] = /^refs\/(heads|tags|pull)\/(.+)$/.exec(ref) ?? [];
  if (kind === undefined) return '';
  return kind === 'pull' ? `pull/${name.split('/')[0] ?? ''}` : `${kind}/${name}`;
}
