import assert from 'node:assert/strict';
import { parseProblem } from '../../src/acme/problem.ts';

describe('parseProblem', () => {
  it('drops the ACME prefix of the type and keeps other types whole', () => {
    assert.equal(parseProblem({ type: 'urn:ietf:params:acme:error:badNonce' }, 400)?.type, 'badNonce');
    assert.equal(parseProblem({ type: 'https://ca.example/oops' }, 400)?.type, 'https://ca.example/oops');
  });

  it('keeps detail, subproblems with their names, and the page to open', () => {
    const problem = parseProblem(
      {
        type: 'urn:ietf:params:acme:error:userActionRequired',
        detail: 'Some of the identifiers were refused',
        instance: 'https://ca.example/terms',
        subproblems: [
          {
            type: 'urn:ietf:params:acme:error:rejectedIdentifier',
            detail: 'no',
            identifier: { type: 'dns', value: 'example.org' },
          },
          { type: 'urn:ietf:params:acme:error:caa', detail: 'neither' },
          'nonsense',
        ],
      },
      403,
    );
    assert.deepEqual(problem, {
      type: 'userActionRequired',
      detail: 'Some of the identifiers were refused',
      status: 403,
      instance: 'https://ca.example/terms',
      subproblems: [
        { type: 'rejectedIdentifier', detail: 'no', identifier: 'example.org' },
        { type: 'caa', detail: 'neither' },
      ],
    });
  });

  it('takes what is no problem document for none', () => {
    for (const value of [undefined, null, 'text', [], {}, { detail: 'no type' }, { type: 7 }])
      assert.equal(parseProblem(value, 500), null);
  });

  it('lets no control character through to a terminal, and no endless text', () => {
    const problem = parseProblem(
      { type: 'a\nb', detail: `\u001b[31mred\u001b[0m\r\n${'x'.repeat(9_999)}` },
      400,
    );
    assert.equal(problem?.type, 'a b');
    assert.match(problem.detail, /^\[31mred \[0m x+$/);
    assert.ok(problem.detail.length <= 2_000);
  });
});
