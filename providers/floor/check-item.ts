import { DelegatedError } from '../../src/errors.ts';
import type { CheckItem } from '../../src/provider.ts';

/** Whether the fact holds; what a failed proof says is shown instead of it. @throws DelegatedError E_ABORTED */
export async function checkItem(fact: string, prove: () => Promise<unknown>): Promise<CheckItem> {
  try {
    await prove();
    return { ok: true, message: fact };
  } catch (error) {
    if (!(error instanceof DelegatedError) || error.code === 'E_ABORTED') throw error;
    return { ok: false, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}
