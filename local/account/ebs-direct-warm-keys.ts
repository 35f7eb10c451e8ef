import type { Call, Ground } from './call.ts';

/**
 * How long a session goes on with a key that it has just used, whatever has become of the key. AWS documents no figure:
 * all that is known is that reads went on seconds after the key had been disabled.
 */
export const warmKeySeconds = 60;

/** Which sessions have just used which key for what: EBS goes on with them for a while. */
export const warmKeys = (ground: Ground) => {
  const uses = new Map<string, number>();
  const name = (call: Call, use: string) => `${call.session.accessKeyId} ${use}`;
  return {
    has: (call: Call, use: string): boolean => {
      const usedAt = uses.get(name(call, use));
      return usedAt !== undefined && ground.now().getTime() - usedAt <= warmKeySeconds * 1000;
    },
    use: (call: Call, use: string): void => {
      uses.set(name(call, use), ground.now().getTime());
    },
  };
};

export type WarmKeys = ReturnType<typeof warmKeys>;
