import { describe, expect, it } from 'vitest';
import { contextOf } from '#shared/policy/context';
import { type Filled, filled, fixedPieces, loosened, type Template, templateOf } from '#shared/policy/template';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
describe('a text of a policy', () => {
  it.each<{ name: string; text: string; is: Template }>([
    { name: 'without variables is one piece', text: 'key/*', is: [{ pattern: 'key/*' }] },
    { name: 'may be empty', text: '', is: [{ pattern: '' }] },
    { name: 'may be a variable', text: '${aws:username}', is: [{ variable: 'aws:username', otherwise: null }] },
    {
      name: 'is parted at its variables, whose keys are not case-sensitive',
      text: 'a-${aws:PrincipalTag/Team}-${aws:username}*',
      is: [
        { pattern: 'a-' },
        { variable: 'aws:principaltag/team', otherwise: null },
        { pattern: '-' },
        { variable: 'aws:username', otherwise: null },
        { pattern: '*' },
      ],
    },
    {
      name: 'may have a default for a variable',
      text: "${aws:PrincipalTag/Team, 'Nobody at all'}",
      is: [{ variable: 'aws:principaltag/team', otherwise: 'Nobody at all' }],
    },
    {
      name: 'may hold the characters that mean something',
      text: '${*}${?}${$}{x}',
      is: [{ literal: '*' }, { literal: '?' }, { literal: '$' }, { pattern: '{x}' }],
    },
    { name: 'is what it is where a brace is missing', text: 'a${b', is: [{ pattern: 'a${b' }] },
    {
      name: 'has its variable behind a brace that is missing',
      text: '${a${b}',
      is: [{ pattern: '${a' }, { variable: 'b', otherwise: null }],
    },
    {
      name: 'has no variable in other brackets',
      text: '$(a)${}',
      is: [{ pattern: '$(a)' }, { variable: '', otherwise: null }],
    },
  ])('$name', ({ text, is }) => {
    expect(templateOf(text, true)).toEqual(is);
  });

  it('has no variables before version 2012-10-17', () => {
    expect(templateOf('a${aws:username}${*}', false)).toEqual([{ pattern: 'a${aws:username}${*}' }]);
  });

  it.each<{ text: string; is: Template | null }>([
    { text: 'a*', is: [{ pattern: 'a*' }] },
    { text: 'a${*}', is: [{ pattern: 'a' }, { literal: '*' }] },
    { text: 'a${b}', is: null },
    { text: '${b}', is: null },
  ])('`$text` is fixed where no variable is in it', ({ text, is }) => {
    expect(fixedPieces(templateOf(text, true))).toEqual(is);
  });

  it('is loosened to anything where its variables stand', () => {
    expect(loosened(templateOf("a?${b}${*}${c, 'd'}", true))).toEqual([
      { pattern: 'a?' },
      { pattern: '*' },
      { literal: '*' },
      { pattern: '*' },
    ]);
  });
});

const context = contextOf({
  'aws:username': 'ana',
  'aws:PrincipalTag/Empty': '',
  'aws:PrincipalTag/Star': 'a*',
  'aws:PrincipalTag/Mark': 'a?',
  'aws:PrincipalTag/None': null,
  'aws:CalledVia': ['a', 'b'],
  'aws:TagKeys': ['a'],
  'kms:GrantOperations': [],
});

describe('a text filled with what the request carries', () => {
  it.each<{ name: string; text: string; is: Filled }>([
    { name: 'is itself without variables', text: 'a*', is: [{ pattern: 'a*' }] },
    {
      name: 'takes the value, in which nothing is a wildcard',
      text: 'x/${aws:UserName}/*',
      is: [{ pattern: 'x/' }, { literal: 'ana' }, { pattern: '/*' }],
    },
    { name: 'takes an empty value', text: '${aws:PrincipalTag/Empty}', is: [{ literal: '' }] },
    { name: 'takes the value before the default', text: "${aws:username, 'x'}", is: [{ literal: 'ana' }] },
    {
      name: 'takes the default of a key that is missing',
      text: "${aws:PrincipalTag/None, 'x'}",
      is: [{ literal: 'x' }],
    },
    { name: 'takes the one value of a list', text: '${aws:TagKeys}', is: [{ literal: 'a' }] },
    { name: 'is missing where a key is', text: 'a${aws:PrincipalTag/None}', is: 'missing' },
    { name: 'is missing where one of two keys is', text: '${aws:username}${aws:PrincipalTag/None}', is: 'missing' },
    { name: 'is unknown where a key is', text: 'a${aws:userid}', is: 'unknown' },
    { name: 'is unknown where a key is, whatever the default', text: "${aws:userid, 'x'}", is: 'unknown' },
  ])('$name', ({ text, is }) => {
    expect(filled(templateOf(text, true), context)).toEqual(is);
  });

  it.each([
    { name: 'a star in a value', text: '${aws:PrincipalTag/Star}' },
    { name: 'a question mark in a value', text: '${aws:PrincipalTag/Mark}' },
    { name: 'a star in a default', text: "${aws:PrincipalTag/None, '*'}" },
    { name: 'several values', text: '${aws:CalledVia}' },
    { name: 'no values', text: '${kms:GrantOperations}' },
    { name: 'no name', text: '${}' },
    { name: 'spaces round a name', text: '${ aws:username }' },
    { name: 'a default without its space', text: "${aws:username,'x'}" },
    { name: 'a default with another space', text: "${aws:username,  'x'}" },
    { name: 'a default without its first quote', text: "${aws:username, x'}" },
    { name: 'a default without its last quote', text: "${aws:username, 'x}" },
    { name: 'a default with a quote in it', text: "${aws:username, 'x'y'}" },
    { name: 'a default that is empty', text: "${aws:username, ''}" },
    { name: 'a default and more', text: "${aws:username, 'x' }" },
    { name: 'two names', text: "${x,aws:username, 'x'}" },
    { name: 'two defaults', text: "${aws:username, 'x', 'y'}" },
  ])('is unknown for $name, of which AWS does not document the effect', ({ text }) => {
    expect(filled(templateOf(text, true), context)).toBe('unknown');
  });
});
