import { beforeAll, expect, it } from 'vitest';
import { readKeyFacts } from '#shared/aws/key-facts';
import { createAlias, createKey, deleteAlias, describeKey, findKeys, listAliases } from '#shared/aws/keys';
import type { AwsSession } from '#shared/aws/session';
import { temporaryKeyPolicy } from '#shared/route/re-encrypt/key-policy';
import { ACCOUNT, doneIn, REGION, sessionIn, withMoto } from './account.ts';

const PREFIX = 'alias/CadoResponse-KMS-Alias';
const policy = temporaryKeyPolicy({
  partition: 'aws',
  accountId: ACCOUNT,
  users: [`arn:aws:iam::${ACCOUNT}:role/unlatch-remediate`],
  region: REGION,
  readers: null,
});

withMoto('keys', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = await sessionIn();
  });
  const made = (caseId: string) =>
    createKey(session, [], {
      description: `Unlatch ${caseId}`,
      policy,
      tags: { 'unlatch:case': caseId },
      multiRegion: false,
    });

  it('a key is made enabled, with the tags that it was to have, and is found by them', async () => {
    const custody: Parameters<typeof findKeys>[1] = [];
    const keyArn = await made('case-made');
    expect(await describeKey(session, custody, keyArn)).toMatchObject({
      keyArn,
      state: 'Enabled',
      manager: 'CUSTOMER',
      createdAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/),
      deletedAt: null,
      isReplica: false,
    });
    expect(await findKeys(session, custody, 'unlatch:case', 'case-made')).toEqual([
      { keyArn, tags: { 'unlatch:case': 'case-made' } },
    ]);
    const facts = await readKeyFacts(session, custody, keyArn);
    expect(facts).toMatchObject({
      state: { known: true, value: 'Enabled' },
      manager: { known: true, value: 'CUSTOMER' },
    });
    expect(facts.grants).toEqual({ known: true, value: [] });
    expect(new Set(doneIn(custody))).toContain('tag:GetResources ok');
  });

  it('a key that nobody made is none', async () => {
    const nobodys = `arn:aws:kms:${REGION}:${ACCOUNT}:key/00000000-0000-4000-8000-000000000000`;
    expect(await describeKey(session, [], nobodys)).toBeNull();
    expect(await describeKey(session, [], `${PREFIX}-nobody`)).toBeNull();
  });

  it('an alias is given once, again to the same key without complaint, and to no other', async () => {
    const [first, second] = [await made('case-alias'), await made('case-alias')];
    const name = `${PREFIX}-case-alias`;
    expect(await createAlias(session, [], name, first)).toBe(true);
    expect(await createAlias(session, [], name, first)).toBe(true);
    expect(await createAlias(session, [], name, second)).toBe(false);
    expect((await describeKey(session, [], name))?.keyArn).toBe(first);
    expect(await listAliases(session, [], first)).toEqual([{ name, keyId: first.split('/')[1] }]);
    await deleteAlias(session, [], name);
    await deleteAlias(session, [], name);
    expect(await listAliases(session, [], first)).toEqual([]);
  });

  it('the aliases of an account are listed to the last page', async () => {
    const keyArn = await made('case-aliases');
    const names = Array.from({ length: 130 }, (_, at) => `${PREFIX}-many-${String(at).padStart(3, '0')}`);
    for (const name of names) await createAlias(session, [], name, keyArn);
    const listed = (await listAliases(session, [])).map(({ name }) => name);
    expect(listed.filter((name) => name.startsWith(`${PREFIX}-many-`)).sort()).toEqual(names);
  });
});
