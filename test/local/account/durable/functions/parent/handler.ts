import middy from '@middy/core';
import { executionModeDurableContext } from '@middy/core/executionModeDurableContext';
import { script } from '../../script.ts';

export const handler = middy({ executionMode: executionModeDurableContext }).handler((event, context) =>
  script.parent(event, context),
);
