import { describeFaults } from './crashes.ts';

describeFaults('crash-after', [1], 'a function that dies after AWS has done its call: nothing is done twice');
