import { cpuBetween, programOf, readCpu } from '../../bench/cpu.ts';

describe('who uses the CPU', () => {
  it('is told by program, and for all others together', () => {
    const before = { at: 0, busy: 1_000, own: { etcd: 100, temporal: 50 } };
    const after = { at: 2_000, busy: 1_300, own: { etcd: 150, temporal: 50, 'cli/main.ts': 100 } };
    expect(cpuBetween(before, after)).toEqual({
      secondsBy: { etcd: 0.5, 'cli/main.ts': 1 },
      othersCpus: 0.75,
    });
  });

  it('is unknown where the kernel does not tell', () => {
    expect(cpuBetween(undefined, undefined)).toBeUndefined();
  });

  it('is not read on macOS, which is said once', () => {
    const lines: string[] = [];
    const source = { platform: 'darwin' as const, say: (line: string) => lines.push(line) };
    expect([readCpu(source), readCpu(source)]).toEqual([undefined, undefined]);
    expect(lines).toEqual(['CPU time and memory are read from /proc, which darwin has not: not measured.']);
  });

  it.each([
    { args: ['/cache/tools/kube-apiserver', '--secure-port=1'], program: 'kube-apiserver' },
    { args: ['/usr/bin/node', '--cpu-prof', '/repo/src/cli/main.ts', 'worker'], program: 'cli/main.ts' },
  ])('is told for $program', ({ args, program }) => {
    expect(programOf(args)).toBe(program);
  });
});
