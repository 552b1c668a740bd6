import assert from 'node:assert/strict';
import { selectSites } from '../../src/commands/select-sites.ts';
import { assertRefused } from '../conformance/expectations.ts';
import { HOSTER, config, site } from '../support/fake-ports.ts';

const ONE = site({ name: 'example.org' });
const TWO = site({ name: 'two.example.org' });

describe('the sites that arguments name', () => {
  it('are all where none is named', () => {
    assert.deepEqual(selectSites(config(ONE, TWO), []), [ONE, TWO]);
  });

  it('are each worked on once, however often they are named', () => {
    const named = ['two.example.org', 'example.org', 'two.example.org', 'EXAMPLE.ORG'];
    assert.deepEqual(selectSites(config(ONE, TWO), named), [TWO, ONE]);
  });

  it('are found in another case, unless that is another site', () => {
    const upper = site({ name: 'Example.ORG', delegatedTo: HOSTER });
    assert.deepEqual(selectSites(config(ONE), ['Example.ORG']), [ONE]);
    assert.deepEqual(selectSites(config(ONE, upper), ['Example.ORG']), [upper]);
    assert.deepEqual(selectSites(config(upper, ONE), ['example.org']), [ONE]);
  });

  it('are refused with the nearest one that there is', async () => {
    const error = await assertRefused((async () => selectSites(config(ONE), ['exmaple.org']))(), 'E_USAGE');
    assert.match(error.hint ?? '', /did you mean "example\.org"/);
  });
});
