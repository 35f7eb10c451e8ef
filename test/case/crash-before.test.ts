import { describeFaults } from './crashes.ts';

describeFaults(
  'crash-before',
  [1],
  'a function that dies before AWS sees its call: the case ends as if nothing had happened',
);
