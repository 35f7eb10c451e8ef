import { describe, expect, it } from 'vitest';
import { withoutPermission } from '#shared/permission/document';
import { cases } from './cases.ts';

describe('a policy document without the one-time permission', () => {
  it.each(cases)('$name', ({ text, becomes, wide = {} }) => {
    const edit = withoutPermission(text, 'acquire');
    expect(edit).toMatchObject({ read: true, text: becomes });
    const reported = edit.read ? edit.wide : [];
    expect(Object.fromEntries(reported.map(({ index, reason }) => [index, reason]))).toEqual(wide);
  });

  it('has at least forty cases, each with a name of its own', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(cases.length).toBeGreaterThanOrEqual(40);
  });

  it.each(cases)('twice is once: $name', ({ becomes }) => {
    if (becomes === null) return;
    expect(withoutPermission(becomes, 'acquire')).toMatchObject({ read: true, text: becomes, taken: [] });
  });
});

const unreadable = [
  ['no JSON', '{"Statement": [}'],
  ['a comment', '{"Statement": [] /* none */}'],
  ['an element that nobody knows', '{"Statement": [{"Effect": "Allow", "Actions": "*", "Resource": "*"}]}'],
  ['a principal', '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'],
  ['a byte order mark', '\ufeff{"Statement": []}'],
  ['URL-encoded text, which the reader of IAM decodes', '%7B%22Statement%22%3A%5B%5D%7D'],
  ['a text beyond every quota', `{"Statement": [], "Id": "${'x'.repeat(140_000)}"}`],
] as const;

describe('a document that cannot be read is never edited', () => {
  it.each(unreadable)('%s', (_, text) => {
    expect(withoutPermission(text, 'acquire')).toMatchObject({ read: false });
  });

  it('a key that stands twice is edited where IAM reads it, or not at all', () => {
    const role = 'arn:aws:iam::*:role/aws-service-role/kms.amazonaws.com/*';
    const text = `{"Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Action":["iam:GetRole","iam:CreateServiceLinkedRole"],"Resource":"${role}"}]}`;
    const edit = withoutPermission(text, 'acquire');
    expect(edit).toMatchObject({ read: true, text: text.replace(',"iam:CreateServiceLinkedRole"', '') });
  });
});
