import { describeFaults, WRITES } from './crashes.ts';

describeFaults(
  'crash-before',
  WRITES,
  'a function that dies before AWS sees its call: the case ends as if nothing had happened',
);
