import { vi } from 'vitest';
import { provesEveryInjection } from './injections.ts';

vi.mock(import('#local/account/guest'), () => import('./quick-guest.ts'));

provesEveryInjection('default-key-cross-region');
