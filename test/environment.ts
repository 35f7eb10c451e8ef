/** Nothing in a test may reach AWS: no real credentials, no instance metadata, no tracing daemon. */
process.env.AWS_ACCESS_KEY_ID = 'AKIAUNLATCHTEST00000';
process.env.AWS_SECRET_ACCESS_KEY = 'unlatch-test';
process.env.AWS_REGION = 'eu-west-3';
process.env.AWS_EC2_METADATA_DISABLED = 'true';
process.env.POWERTOOLS_DEV = 'false';
process.env.POWERTOOLS_TRACE_ENABLED = 'false';
process.env.POWERTOOLS_LOG_LEVEL ??= 'SILENT';
delete process.env.AWS_SESSION_TOKEN;
delete process.env.AWS_PROFILE;
