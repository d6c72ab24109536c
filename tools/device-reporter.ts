// Says loudly, after everything else, which tests a missing browser or GPU driver kept from running.
import type { Reporter } from 'vitest/node';
import { missingDevices } from './devices.mjs';

export default class DeviceReporter implements Reporter {
  onTestRunEnd(): void {
    for (const notice of missingDevices()) console.error(`\n${'!'.repeat(100)}\n${notice}\n${'!'.repeat(100)}`);
  }
}
