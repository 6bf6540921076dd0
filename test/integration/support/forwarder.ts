import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a server that can be cut: nothing comes through any more, and nobody is told. */
export interface Forwarder {
  address: string;
  cut(): void;
  /** Whoever waited is disconnected, and comes through when he connects again. */
  mend(): void;
  stop(): Promise<void>;
}

/** @param target host:port */
export async function startForwarder(target: string): Promise<Forwarder> {
  const [host = '', port = ''] = target.split(':');
  const open = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    return socket;
  };
  const server = createServer((near) => {
    keep(near);
    if (isCut) return;
    const far = keep(connect(Number(port), host));
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  const dropAll = (): void => open.forEach((socket) => void socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
      for (const socket of open) socket.unpipe().pause();
    },
    mend: () => {
      isCut = false;
      dropAll();
    },
    stop: () => {
      dropAll();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
