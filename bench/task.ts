import { z } from 'zod';
import { LAYOUTS } from './volume.ts';

/** What a process of the copy benchmark does, to how many blocks. */
export const Task = z.object({
  how: z.enum(['copier', 'straight loop', 'bare sockets', 'plain SHA-256']),
  layout: z.enum(LAYOUTS),
  parallel: z.int().min(1),
  /** Blocks before the clock starts: compilers warm up, connections open. */
  before: z.int().min(1),
  blocks: z.int().min(1),
});
export type Task = z.infer<typeof Task>;

export const Took = z.object({ blocks: z.int(), seconds: z.number(), cpuSeconds: z.number(), peakMiB: z.number() });
export type Took = z.infer<typeof Took>;
