import * as temporal from '@temporalio/workflow';
import { defineQuery, defineSignal, defineUpdate } from '../../src/messages/definitions.ts';

test('signals, queries and updates are defined just as Temporal defines them', () => {
  expect(defineSignal('observe')).toStrictEqual(temporal.defineSignal('observe'));
  expect(defineQuery('state')).toStrictEqual(temporal.defineQuery('state'));
  expect(defineUpdate('scale')).toStrictEqual(temporal.defineUpdate('scale'));
});
