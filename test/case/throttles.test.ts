import { describeFaults } from './crashes.ts';

describeFaults('throttle', [1], 'a throttle is no absence: the call is made again');
