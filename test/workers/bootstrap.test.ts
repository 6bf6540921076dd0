import { searchAttributes } from '../../dev/temporal.ts';
import { bootstrap } from '../../src/workers/bootstrap.ts';
import type { AttributeServices } from '../../src/workers/search-attributes.ts';

/** A frontend that serves no operators' calls, as Temporal Cloud does not; test/integration has a whole one. */

const DENIED = Object.assign(new Error('7 PERMISSION_DENIED: Request unauthorized.'), { code: 7 });
const UNIMPLEMENTED = Object.assign(new Error('12 UNIMPLEMENTED: unknown service'), { code: 12 });
const NOT_FOUND = Object.assign(new Error('5 NOT_FOUND: Namespace runners is not found.'), { code: 5 });

interface Frontend {
  /** Columns by the names of search attributes; absent: there is no such namespace. */
  aliases?: Record<string, string>;
  refusal?: Error;
}

function servicesOf({ aliases, refusal = DENIED }: Frontend): AttributeServices {
  const refuse = () => Promise.reject(refusal);
  const config = {
    customSearchAttributeAliases: Object.fromEntries(
      Object.entries(aliases ?? {}).map(([name, column]) => [column, name]),
    ),
    workflowExecutionRetentionTtl: { seconds: 3 * 86_400 },
  };
  return {
    operatorService: { listSearchAttributes: refuse, addSearchAttributes: refuse },
    workflowService: {
      describeNamespace: () => (aliases ? Promise.resolve({ config }) : Promise.reject(NOT_FOUND)),
      registerNamespace: refuse,
      updateNamespace: refuse,
    },
  } as unknown as AttributeServices;
}

const names = Object.keys(searchAttributes());
const all = Object.fromEntries(names.map((name, index) => [name, `Keyword0${index + 1}`]));
const wanted = { namespace: 'runners' };

test.each([DENIED, UNIMPLEMENTED])(
  'finds all there, by the description of the namespace (%s)',
  async (refusal) => {
    expect(await bootstrap(servicesOf({ aliases: all, refusal }), wanted)).toEqual({
      namespace: 'runners',
      did: 'nothing',
      retentionDays: 3,
      addedSearchAttributes: [],
    });
  },
);

test('says with which command the search attributes are added that are missing', async () => {
  const { ArcPhase: _, ...others } = all;
  const adding = bootstrap(servicesOf({ aliases: others }), wanted);
  await expect(adding).rejects.toThrow(
    /create --namespace runners --name ArcPhase --type Keyword \(in Temporal Cloud: tcld namespace search-attributes add --namespace runners --search-attribute ArcPhase=Keyword\)/,
  );
});

test('names what is there with another type', async () => {
  const odd = { ...all, ArcPhase: 'Text01' };
  await expect(bootstrap(servicesOf({ aliases: odd }), wanted)).rejects.toThrow(
    /another type than Keyword: ArcPhase;/,
  );
});

test('says with which command the namespace is made, or kept longer', async () => {
  await expect(bootstrap(servicesOf({}), wanted)).rejects.toThrow(
    /namespace create --namespace runners --retention 3d \(in Temporal Cloud: tcld namespace create/,
  );
  await expect(bootstrap(servicesOf({ aliases: all }), { ...wanted, retentionDays: 9 })).rejects.toThrow(
    /namespace update --namespace runners --retention 9d \(in Temporal Cloud: tcld namespace retention set/,
  );
});
