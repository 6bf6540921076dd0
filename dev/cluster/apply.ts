import { execFile } from 'node:child_process';
import { ensureTools } from '../toolchain/toolchain.ts';

/** Applies manifests, on the server side. Rejects with what kubectl says. */
export async function applyText(kubeconfig: string, manifests: string): Promise<void> {
  const { kubectl } = await ensureTools(['kubectl']);
  const args = ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--force-conflicts', '-f', '-'];
  await new Promise<void>((resolve, reject) => {
    const child = execFile(kubectl, args, (error, _out, stderr) => {
      if (error) reject(new Error(`What was applied was not taken: ${stderr.trim()}`));
      else resolve();
    });
    child.stdin?.end(manifests);
  });
}
