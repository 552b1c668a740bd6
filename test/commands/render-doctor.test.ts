import assert from 'node:assert/strict';
import { renderDoctor } from '../../src/commands/render-doctor.ts';
import { doctorReport } from '../../src/health/doctor-report.ts';
import { condition } from '../../src/health/finding.ts';

const plain = (_: string, text: string): string => text;

describe('the text of doctor', () => {
  const words = 'the clock is far ahead of that of the CA, '.repeat(6).trim();
  const found = condition('CLOCK_WRONG', words, words, [words]);
  const report = doctorReport([found], new Map([['example.org', [found]]]));

  it('keeps within the columns of the terminal, and is as long as it is where there is none', () => {
    const lines = renderDoctor(report, plain, 60).split('\n');
    const longest = Math.max(...lines.map((line) => line.length));
    assert.ok(longest <= 60 && longest > 50, `${longest}`);
    assert.ok(renderDoctor(report, plain, null).split('\n').length < lines.length / 2);
  });

  it('obeys no control character of a server that it looked at', () => {
    const rude = condition('CA_UNREACHABLE', 'a\u001b[2J', 'b\u202e', ['c\u0007']);
    const text = renderDoctor(doctorReport([rude], new Map()), plain, 80);
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u);
  });
});
