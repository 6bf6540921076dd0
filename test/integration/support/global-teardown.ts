import { rm } from 'node:fs/promises';
import './global-setup.ts';

/** Stops what global-setup.ts started. */
export default async function teardown(): Promise<void> {
  const servers = globalThis.sharedServers;
  await Promise.all([servers?.cluster.stop(), servers?.temporal.stop()]);
  if (servers) await rm(servers.folder, { recursive: true });
}
