import { describe, expect, it } from 'vitest';
import { diagnose } from '#shared/diagnosis/diagnose';
import { diagnosisInWords } from '#shared/diagnosis/diagnosis-in-words';
import { byPlace } from '#shared/diagnosis/fix-places';
import { questionAsked } from '#shared/diagnosis/question';
import { unknown } from '#shared/policy/known';
import { allow, delegating, factsWith, OWN_KEY, type Parts, PLATFORM, principal, ROLE, TARGET, VIA } from './facts.ts';

const diagnosisOf = (parts: Parts) => {
  const asked = {
    principal: principal(ROLE),
    action: 'kms:CreateGrant',
    resource: OWN_KEY,
    context: { 'kms:ViaService': VIA },
  };
  return diagnose(null, questionAsked(asked), factsWith(parts));
};

const own = [allow(['kms:D*', 'kms:G*', 'kms:ReEncrypt*'], { Sid: 'Use' })];

describe('a diagnosis in words', () => {
  it('is the cause, the way through the layers, and what to paste where', () => {
    expect(diagnosisInWords(diagnosisOf({ identity: own }))).toEqual([
      `KMS refuses kms:CreateGrant on ${OWN_KEY} to ${ROLE}: no IAM policy of the role allows it, and the key policy alone does not.`,
      'decision: denied, cause: identity-policy-silent',
      '',
      'What each layer says:',
      '    service control policy (SCP)   does not apply',
      '    resource control policy (RCP)  does not apply',
      '  + key policy                     leaves it to IAM: statement 0 of the key policy',
      '  - grant                          does not allow it',
      '  - IAM policy of the role         does not allow it',
      '    permissions boundary           does not apply',
      '    session policy                 does not apply',
      '    VPC endpoint policy            does not apply',
      '  + state of the key               allows it',
      '',
      'What would let it pass (Unlatch changes no policy by itself):',
      '',
      `  IAM policy of the role: ${ROLE}`,
      `     Add it to the role's IAM policies, in account ${PLATFORM}. Re-simulated: with all that is listed here, all that the acquisition asks of this key is allowed.`,
      '     {',
      '       "Sid": "AllowGrantsForAWSResources",',
      '       "Effect": "Allow",',
      '       "Action": "kms:CreateGrant",',
      `       "Resource": "${OWN_KEY}",`,
      '       "Condition": {',
      '         "Bool": {',
      '           "kms:GrantIsForAWSResource": "true"',
      '         },',
      '         "StringEquals": {',
      `           "kms:ViaService": "${VIA}"`,
      '         }',
      '       }',
      '     }',
    ]);
  });

  it('names what is missing, and marks what is not known and what denies', () => {
    const open = diagnosisInWords(diagnosisOf({ keyPolicy: unknown('not given') }));
    expect(open).toContain('decision: undetermined');
    expect(open.slice(-2)).toEqual(['What is missing for a sure answer:', '  the key policy: not given']);
    expect(open).toContain('  ? key policy                     not known');
    const denied = diagnosisInWords(
      diagnosisOf({ identity: [{ Sid: 'No', Effect: 'Deny', Action: 'kms:*', Resource: '*' }] }),
    );
    expect(denied).toContain('  x IAM policy of the role         denies it: statement `No` of acquire');
  });

  it('of what is allowed has neither', () => {
    const lines = diagnosisInWords(diagnosisOf({}));
    expect(lines[1]).toBe('decision: allowed');
    expect(lines.join('\n')).not.toMatch(/missing|let it pass/);
  });
});

describe('fixes for one place', () => {
  it('stand together under one note, in their order', () => {
    const places = byPlace(diagnosisOf({ keyPolicy: [delegating(TARGET)] }).fixes);
    expect(places.map(({ layer, statements }) => [layer, statements.map(({ Sid }) => Sid)])).toEqual([
      ['key-policy', ['AllowUseForAcquisition', 'AllowGrantsForAWSResources']],
    ]);
  });

  it('without a statement have none', () => {
    const [place] = byPlace(diagnosisOf({ manager: 'AWS', keyPolicy: [delegating(TARGET)] }).fixes);
    expect(place?.statements).toEqual([]);
  });
});
