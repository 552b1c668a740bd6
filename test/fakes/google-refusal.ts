/** An error as Google's REST APIs word it. */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  body(): string {
    const { message, reason, status } = this;
    return JSON.stringify({
      error: { code: status, message, errors: [{ message, domain: 'global', reason }] },
    });
  }
}
