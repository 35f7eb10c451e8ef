import { describe, expect, it, onTestFinished } from 'vitest';
import { virtualGround } from '#local/account/ground';

const begin = () => {
  const ground = virtualGround(new Date('2026-03-02T09:00:00Z'), async () => {});
  onTestFinished(() => ground.uninstall());
  const began = ground.now().getTime();
  const seconds = () => (ground.now().getTime() - began) / 1000;
  const said: string[] = [];
  const say = (word: string) => void said.push(`${word} at ${seconds()}`);
  /** One call to AWS. */
  const call = async (): Promise<void> => {
    const startedAt = ground.now().getTime();
    await Promise.resolve();
    ground.callPasses(startedAt);
  };
  return { ground, said, say, call, seconds };
};

describe('the virtual time', () => {
  it('passes from one thing to the next', async () => {
    const { ground, said, say } = begin();
    ground.after(20, () => say('late'));
    ground.after(10, () => say('early'));
    await ground.settle();
    expect(said).toEqual(['early at 10', 'late at 20']);
  });

  it('does not pass for what was called off', async () => {
    const { ground, said, say, seconds } = begin();
    const callOff = ground.after(20, () => say('never'));
    ground.after(10, () => say('early'));
    callOff();
    callOff();
    await ground.settle();
    expect([said, seconds()]).toEqual([['early at 10'], 10]);
  });

  it('passes by their calls while things go on beside each other, and what falls due meanwhile happens meanwhile', async () => {
    const { ground, said, say, call } = begin();
    ground.after(0.2, () => say('due'));
    ground.after(60, () => say('later'));
    for (const name of ['a', 'b']) {
      ground.beside(async () => {
        for (let made = 0; made < 4; made += 1) await call();
        say(name);
      });
    }
    await ground.settle();
    expect(said).toEqual(['due at 0.24', 'a at 0.32', 'b at 0.32', 'later at 60']);
  });

  it('is not over before what goes on beside has ended', async () => {
    const { ground, said, say, call, seconds } = begin();
    ground.beside(async () => {
      for (let made = 0; made < 4; made += 1) await call();
      say('done');
    });
    await ground.settle(0.1);
    expect([said, seconds()]).toEqual([['done at 0.32'], 0.32]);
  });

  it('brings what went wrong beside to whoever lets it pass', async () => {
    const { ground } = begin();
    ground.beside(async () => {
      throw new Error('wrong');
    });
    await expect(ground.settle()).rejects.toThrow('wrong');
  });
});

describe('an alarm', () => {
  it('rings once, as soon as its time has come', async () => {
    const { ground, said, say, call } = begin();
    ground.alarm(0.1, () => say('ring'));
    ground.after(0, () => call());
    ground.after(0.05, () => call());
    ground.after(5, () => say('end'));
    await ground.settle();
    expect(said).toEqual(['ring at 0.16', 'end at 5']);
  });

  it('is nothing to wait for, and can be called off', async () => {
    const { ground, said, say, seconds } = begin();
    const callOff = ground.alarm(1, () => say('never'));
    ground.alarm(60, () => say('not yet'));
    await ground.settle();
    expect(seconds()).toBe(0);
    callOff();
    await ground.settle(10);
    expect([said, seconds()]).toEqual([[], 10]);
  });
});
