/** Fake nodes, as KWOK manages them: ready at once, and with room for a thousand pods each. */
export function fakeNodes(count: number): object[] {
  const room = { cpu: '1000', memory: '4Ti', 'ephemeral-storage': '4Ti', pods: '1000' };
  return Array.from({ length: count }, (_, index) => {
    const name = `fake-${index}`;
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'node-role.kubernetes.io/agent': '',
          type: 'kwok',
        },
      },
      status: { capacity: room, allocatable: room },
    };
  });
}
