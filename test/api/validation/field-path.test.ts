import { fieldPathOf } from '../../../src/api/validation/field-path.ts';

describe('fieldPathOf', () => {
  it.each([
    ['', ''],
    ['/spec', 'spec'],
    ['/spec/containers/0/image', 'spec.containers[0].image'],
    ['/spec/limits/nvidia.com~1gpu', 'spec.limits["nvidia.com/gpu"]'],
    ['/spec/limits/a~0b', 'spec.limits["a~b"]'],
  ])('of %j is %j', (pointer, path) => expect(fieldPathOf(pointer)).toBe(path));
});
