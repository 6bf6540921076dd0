import { upsertSearchAttributes } from '@temporalio/workflow';
import { phaseKey } from '../messages/search-attributes.ts';

/** The phase of a workflow, as the list of workflows shows it. It changes rarely: each change is an event in the history. */
export class PhaseAttribute {
  private shown: string | undefined;

  show(phase: string): void {
    if (phase === this.shown) return;
    this.shown = phase;
    upsertSearchAttributes([{ key: phaseKey, value: phase }]);
  }
}
