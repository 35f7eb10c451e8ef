import { inject } from 'vitest';

/** All clients of a test, the project's own and the test's, go to moto. */
const url = inject('moto');
if (url !== null) process.env.AWS_ENDPOINT_URL = url;
