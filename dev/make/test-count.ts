import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of Jest's JSON report that is counted. */
export interface TestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** Test files that could not even be loaded. */
  numRuntimeErrorTestSuites: number;
}

/** One line over several reports: `12 passed, 0 failed`, and `, 3 skipped` if any were. */
export function summaryOf(reports: readonly TestReport[]): { line: string; failed: number } {
  const sum = (count: (report: TestReport) => number) =>
    reports.reduce((total, report) => total + count(report), 0);
  const passed = sum((report) => report.numPassedTests);
  const failed = sum((report) => report.numFailedTests + report.numRuntimeErrorTestSuites);
  const skipped = sum((report) => report.numPendingTests + report.numTodoTests);
  return { line: `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`, failed };
}

const parts = ['unit', 'integration-1', 'integration-2'];

/** A part without a report did not get as far as running tests: that counts as one failure. */
function readReports(folder: string): TestReport[] {
  return parts.map((part) => {
    const file = join(folder, `${part}.json`);
    if (!existsSync(file)) return noReport;
    return JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  });
}

const noReport: TestReport = {
  numPassedTests: 0,
  numFailedTests: 1,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};

if (import.meta.main) {
  const { line, failed } = summaryOf(readReports(process.argv[2] ?? '.temporal-arc/test-results'));
  console.log(line);
  if (failed > 0) process.exitCode = 1;
}
