import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { canonicalJson } from '../../src/matrix/canonical-json.ts';

describe('canonical JSON', () => {
  it('is what the examples of the specification say', () => {
    // Appendices § "Canonical JSON" > "Examples".
    const examples: readonly (readonly [string, string])[] = [
      ['{}', '{}'],
      ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
      ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
      [
        '{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe", "three_pids": [{"medium": "email", "address": "john.doe@example.org"}]}}}',
        '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"}]},"success":true}}',
      ],
      ['{"a": "日本語"}', '{"a":"日本語"}'],
      ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
      ['{"a": "\\u65E5"}', '{"a":"日"}'],
      ['{"a": null}', '{"a":null}'],
      ['{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'],
    ];
    for (const [text, canonical] of examples) assert.equal(canonicalJson(JSON.parse(text)), canonical);
  });

  it('orders keys by code point, where UTF-16 would not', () => {
    assert.equal(canonicalJson({ '\u{1f600}': 1, '\uffee': 2 }), '{"\uffee":2,"\u{1f600}":1}');
  });

  it('has no form for fractions and for integers that JSON cannot carry', () => {
    for (const value of [0.5, 2 ** 53, [1, [0.1]], { a: { b: 1.5 } }])
      assert.equal(canonicalJson(value), null);
  });

  it('means the same as what it was made of', () => {
    const value = fc.jsonValue().filter((each) => canonicalJson(each) !== null);
    fc.assert(
      fc.property(value, (each) => {
        const again: unknown = JSON.parse(canonicalJson(each) ?? '');
        assert.equal(canonicalJson(again), canonicalJson(each));
        assert.deepEqual(again, JSON.parse(JSON.stringify(each)));
      }),
    );
  });
});
