import { describeFaults, WRITES } from './crashes.ts';

describeFaults('crash-after', WRITES, 'a function that dies after AWS has done its call: nothing is done twice');
