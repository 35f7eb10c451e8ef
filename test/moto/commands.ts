import { beforeAll, expect, it } from 'vitest';
import { findCommand, invocationOf, sendCommand } from '#shared/aws/commands';
import type { AwsSession } from '#shared/aws/session';
import { InstanceId } from '#shared/signal/identifiers';
import { doneIn, sessionIn, withMoto } from './account.ts';

const instanceId = InstanceId.parse('i-0b1c2d3e4f5a69788');
const command = {
  instanceId,
  document: 'AWS-RunShellScript',
  script: "echo \"it's here\" | tee -a '/tmp/ü'",
  comment: 'unlatch case-command',
  runSeconds: 60,
} as const;
const since = '2026-01-01T00:00:00.000Z';

withMoto('commands', () => {
  let session: AwsSession;
  beforeAll(async () => {
    session = await sessionIn();
  });

  it('a command is sent, and found again by its comment alone', async () => {
    expect(await findCommand(session, [], { instanceId, comment: command.comment, since })).toBeNull();
    const custody: Parameters<typeof sendCommand>[1] = [];
    const sent = await sendCommand(session, custody, command);
    expect(sent).toEqual({ sent: true, commandId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await findCommand(session, custody, { instanceId, comment: command.comment, since })).toEqual(sent);
    expect(await findCommand(session, custody, { instanceId, comment: 'unlatch another', since })).toBeNull();
    expect(doneIn(custody)).toEqual(['ssm:SendCommand ok', 'ssm:ListCommands ok', 'ssm:ListCommands ok']);
    if (!sent.sent) throw new Error(sent.message);
    expect(await invocationOf(session, [], { commandId: sent.commandId, instanceId })).toEqual({
      status: expect.any(String),
      stdout: expect.any(String),
    });
  });
});
