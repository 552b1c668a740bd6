/**
 * delegated knows an error by its fields, so nothing has to be imported for it.
 *
 * @param {import('matrix-delegated/provider').ErrorCode} code
 * @param {string} message
 * @param {import('matrix-delegated/provider').ErrorDetails} [details]
 */
export function failure(code, message, details = {}) {
  const { cause, ...fields } = details;
  return Object.assign(new Error(message, { cause }), { code, ...fields });
}
