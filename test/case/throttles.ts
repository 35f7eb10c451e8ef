import { describeFaults, READS } from './crashes.ts';

describeFaults('throttle', READS, 'a throttle is no absence: the call is made again');
